// SPDX-License-Identifier: MIT
// The guest's table of store forms.

#include "forms.h"

#include <string.h>

const Form *forms_of(const Machine *machine)
{
    return (const Form *)(const void *)(machine->ram + machine->header->forms);
}

const char *form_name(const Machine *machine, const Form *form)
{
    return (const char *)machine->ram + form->name;
}

bool form_is_possible(const Machine *machine, const Form *form)
{
    return (!(form->flags & FORM_AVX) || machine->has_avx) && (!(form->flags & FORM_XSAVE) || machine->has_xsave);
}

const Form *form_find(const Machine *machine, const char *name)
{
    for (const Form *form = forms_of(machine); form->code; form++)
        if (strcmp(form_name(machine, form), name) == 0)
            return form_is_possible(machine, form) ? form : NULL;
    return NULL;
}
