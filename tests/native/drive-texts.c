/* SPDX-License-Identifier: MIT */
/* What needs no engine: names of statuses, version, compatibility. */
#include "drive.h"

#include <stdio.h>
#include <string.h>

/* Names every status of the fixture: lines "constant<TAB>INT_STATUS_x<TAB>value". Two names share 0x...201. */
static void status_names(void)
{
    FILE *file = group_file != NULL ? fopen(group_file, "r") : NULL;
    if (!check(file != NULL, "the fixture opens", "%s", group_file != NULL ? group_file : "no path"))
        return;
    char line[256], name[128];
    long long value;
    unsigned count = 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (sscanf(line, "constant %127s %lld", name, &value) != 2 || strncmp(name, "INT_STATUS_", 11) != 0 ||
            strncmp(name, "INT_STATUS_SEVERITY_", 20) == 0)
            continue;
        count++;
        const char *text = lib.IntStatusToString((INTSTATUS)value);
        bool alias = (INTSTATUS)value == INT_STATUS_INVALID_DATA_TYPE;
        bool same = text != NULL && (strcmp(text, name) == 0 || (alias && (strcmp(text, "INT_STATUS_INVALID_DATA_TYPE") == 0 ||
                                                                          strcmp(text, "INT_STATUS_INVALID_OBJECT_TYPE") == 0)));
        check(same, name, "IntStatusToString(%lld) is \"%s\"", value, text != NULL ? text : "(null)");
    }
    fclose(file);
    CHECK(count > 100, "the fixture has statuses");
}

static void compatibility(void)
{
    DWORD version[4] = {~0u, ~0u, ~0u, ~0u};
    BOOLEAN answer = lib.IntCheckCompatibility(1, 133, 0, 0, &version[0], &version[1], &version[2], &version[3], 0);
    CHECK_EQ(TRUE, answer, "an integrator of 1.133.0 is compatible");
    CHECK_EQ(1, version[0], "interface major");
    CHECK_EQ(133, version[1], "interface minor");
    CHECK_EQ(0, version[2], "interface revision");
    CHECK(version[3] != ~0u, "interface build is filled in");
    CHECK_EQ(TRUE, lib.IntCheckCompatibility(1, 133, 0, 0, NULL, NULL, NULL, NULL, 0), "output pointers may be null");
    CHECK_EQ(TRUE, lib.IntCheckCompatibility(1, 133, 0, 0, NULL, NULL, NULL, NULL, 77), "Reserved is ignored");
    CHECK_EQ(FALSE, lib.IntCheckCompatibility(99, 0, 0, 0, &version[0], NULL, NULL, NULL, 0), "99.0 is not compatible");
    CHECK_EQ(1, version[0], "the version is told to an incompatible integrator as well");
    CHECK_EQ(FALSE, lib.IntCheckCompatibility(0, 1, 0, 0, NULL, NULL, NULL, NULL, 0), "0.1 is not compatible");
}

void drive_texts(void)
{
    if (!group_load())
        return;
    status_names();
    static const INTSTATUS unknown[] = {0x12345678, -1, 1, (INTSTATUS)0x80000000, (INTSTATUS)0xE1000511, 0x7FFFFFFF};
    const char *texts[sizeof unknown / sizeof unknown[0]];
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        texts[i] = lib.IntStatusToString(unknown[i]);
        check(texts[i] != NULL && strcmp(texts[i], "unknown status") == 0, "a value that is no status",
              "0x%08X is \"%s\"", (unsigned)unknown[i], texts[i] != NULL ? texts[i] : "(null)");
    }
    const char *kept = lib.IntStatusToString(INT_STATUS_NOT_FOUND);
    compatibility();
    CHECK_STATUS(INT_STATUS_SUCCESS, host_init(), "the engine initialises");
    CHECK_EQ(INTROCORE_VERSION_MAJOR << 16 | INTROCORE_VERSION_MINOR << 8 | INTROCORE_VERSION_PATCH, lib.IntLibraryVersion(),
             "the version after IntInit");
    CHECK_STATUS(INT_STATUS_SUCCESS, lib.IntUninit(), "the engine uninitialises");
    CHECK(kept != NULL && strcmp(kept, "INT_STATUS_NOT_FOUND") == 0, "the name of a status stays valid");
    CHECK(texts[0] != NULL && strcmp(texts[0], "unknown status") == 0, "and so does the text for none");
}
