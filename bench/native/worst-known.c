/* SPDX-License-Identifier: MIT */
#include "worst.h"

const char worst_known[2 * WORST_BYTES + 1] =
    "e973d38e3250cb191e4ad982d16908a9fea0f2999ea384ae83e7d2627a87073db374763ca17e44c4b21d953604c99e2e4baefc4efdf34c45c2e46cc43ae62763";
