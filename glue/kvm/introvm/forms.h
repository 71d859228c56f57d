/* SPDX-License-Identifier: MIT */
/** The guest's table of store forms. */
#ifndef INTROVM_FORMS_H
#define INTROVM_FORMS_H

#include "machine.h"

/** One of them; addresses in the guest. The last one has no code. */
typedef struct Form {
    uint64_t name, code, flags; /* FORM_ */
} Form;

const Form *forms_of(const Machine *machine);
const char *form_name(const Machine *machine, const Form *form);

/** Whether the guest's processor can execute it. */
bool form_is_possible(const Machine *machine, const Form *form);

/** The form of that name, or null if there is none or the processor cannot execute it. */
const Form *form_find(const Machine *machine, const char *name);

#endif
