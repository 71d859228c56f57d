// SPDX-License-Identifier: GPL-2.0-or-later
// Reading the plug-in's arguments: name=value each, as QEMU passes them.

#include "arguments.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "event_log.h"
#include "register_services.h"

/** The value of an argument of that name, or null. */
static const char *value_of(const char *argument, const char *name)
{
    size_t length = strlen(name);

    return strncmp(argument, name, length) == 0 && argument[length] == '=' ? argument + length + 1 : NULL;
}

static bool parse_number(const char *name, const char *text, QWORD *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 0);
    if (!errno && *text && !*end)
        return true;
    log_error("%s=%s is no number; give one such as %s=0x8", name, text, name);
    return false;
}

static bool parse_start(const char *text, Arguments *result)
{
    result->starts = strcmp(text, "user") == 0;
    if (result->starts || strcmp(text, "never") == 0)
        return true;
    log_error("start=%s is unknown; give start=user or start=never", text);
    return false;
}

static bool parse_completion(const char *text, Arguments *result)
{
    result->engine_stores = strcmp(text, "refetch") == 0;
    if (result->engine_stores || strcmp(text, "data") == 0)
        return true;
    log_error("completion=%s is unknown; give completion=data or completion=refetch", text);
    return false;
}

static bool parse_kexec(const char *text, Arguments *result)
{
    result->follows_kexec = strcmp(text, "reset") == 0;
    if (result->follows_kexec || strcmp(text, "report") == 0)
        return true;
    log_error("kexec=%s is unknown; give kexec=report or kexec=reset", text);
    return false;
}

/** Names with a plus or a comma in between; QEMU takes a comma for its own unless it is doubled. */
static bool parse_untrapped(const char *text, Arguments *result)
{
    static const struct {
        const char *name;
        unsigned bit;
    } kinds[] = {{"cr", UNTRAPPED_CR}, {"msr", UNTRAPPED_MSR}, {"dtr", UNTRAPPED_DTR}};
    const char *at = text;

    while (*at) {
        size_t length = strcspn(at, "+,"), i = 0;

        while (i < sizeof kinds / sizeof *kinds && (strlen(kinds[i].name) != length || strncmp(at, kinds[i].name, length) != 0))
            i++;
        if (i == sizeof kinds / sizeof *kinds) {
            log_error("untrapped=%s is unknown; give some of cr, msr and dtr with + in between", text);
            return false;
        }
        result->untrapped |= kinds[i].bit;
        at += length + (at[length] != '\0');
    }
    return true;
}

static bool parse_one(const char *argument, Arguments *result)
{
    const struct {
        const char *name;
        QWORD *value;
    } numbers[] = {{"options", &result->options},
                   {"guards", &result->guards},
                   {"stress", &result->stress},
                   {"guard-test", &result->guard_test}};
    const char *value;

    if ((value = value_of(argument, "lib")) != NULL) {
        result->library = value;
        return true;
    }
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if ((value = value_of(argument, numbers[i].name)) != NULL)
            return parse_number(numbers[i].name, value, numbers[i].value);
    if ((value = value_of(argument, "start")) != NULL)
        return parse_start(value, result);
    if ((value = value_of(argument, "kexec")) != NULL)
        return parse_kexec(value, result);
    if ((value = value_of(argument, "completion")) != NULL)
        return parse_completion(value, result);
    if ((value = value_of(argument, "untrapped")) != NULL)
        return parse_untrapped(value, result);
    log_error("argument %s is unknown; known are lib=PATH, options=BITS, guards=BITS, start=user|never, kexec=report|reset, "
              "completion=data|refetch, untrapped=KINDS, stress=N, guard-test=N", argument);
    return false;
}

bool arguments_parse(int count, char **arguments, Arguments *result)
{
    *result = (Arguments){.options = INTRO_OPT_PROT_KM_IDT, .starts = true};
    for (int i = 0; i < count; i++)
        if (!parse_one(arguments[i], result))
            return false;
    if (!result->library || !*result->library) {
        log_error("argument lib=PATH is missing; give the path of libintrocore.so");
        return false;
    }
    return true;
}
