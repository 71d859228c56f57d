/* SPDX-License-Identifier: MIT */
/* bench MODE LIBRARY [ARGUMENT]...: measures the library through its C interface; see modes.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modes.h"

static unsigned number(const char *text)
{
    return (unsigned)strtoul(text, NULL, 10);
}

int main(int count, char **arguments)
{
    const char *mode = count > 2 ? arguments[1] : "";
    const char *library = count > 2 ? arguments[2] : "";
    if (strcmp(mode, "time") == 0 && count == 4)
        mode_time(library, number(arguments[3]));
    else if (strcmp(mode, "count") == 0 && count <= 4)
        mode_count(library, count == 4 ? arguments[3] : NULL);
    else if (strcmp(mode, "first") == 0 && count == 4)
        mode_first(library, arguments[3]);
    else if (strcmp(mode, "memory") == 0 && count == 3)
        mode_memory(library);
    else if (strcmp(mode, "scale") == 0 && count == 4)
        mode_scale(arguments[0], library, number(arguments[3]));
    else if (strcmp(mode, "scale-worker") == 0 && count == 5)
        mode_scale_worker(library, number(arguments[3]), number(arguments[4]));
    else if (strcmp(mode, "worst") == 0 && count == 5)
        mode_worst(library, number(arguments[3]), number(arguments[4]));
    else
        return fputs("usage: bench time LIBRARY BATCHES | count LIBRARY [CASE] | first LIBRARY outside|blocked |\n"
                     "       memory LIBRARY | scale LIBRARY ROUNDS | worst LIBRARY SECONDS SEED\n", stderr), 2;
    return 0;
}
