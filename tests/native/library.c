/* SPDX-License-Identifier: MIT */
#include "library.h"

#include <dlfcn.h>
#include <string.h>

bool library_open(struct library *library, const char *path, const char **missing)
{
    memset(library, 0, sizeof *library);
    library->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library->handle == NULL) {
        *missing = dlerror();
        return false;
    }
    *missing = NULL;
#define LIBRARY_FIND(name)                                                                                               \
    do {                                                                                                                 \
        void *symbol = dlsym(library->handle, #name);                                                                    \
        if (symbol == NULL && *missing == NULL)                                                                          \
            *missing = #name;                                                                                            \
        memcpy(&library->name, &symbol, sizeof symbol);                                                                  \
    } while (0);
    LIBRARY_EXPORTS(LIBRARY_FIND)
#undef LIBRARY_FIND
    return true;
}
