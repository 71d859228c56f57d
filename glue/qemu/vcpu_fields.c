// SPDX-License-Identifier: GPL-2.0-or-later
// Where the CPU object has its members: QEMU describes that, by name, offset and size, for its snapshots.

#include "vcpu_fields.h"

#include <string.h>

#include "event_log.h"

#define MAX_FIELDS 512 /* of the description, which has about seventy */

typedef struct WantedField {
    const char *name;
    size_t size;
} WantedField;

static const WantedField wanted[FIELD_COUNT] = {
#define FIELD_WANTED(identifier, name, bytes) [identifier] = {name, bytes},
    VCPU_FIELDS(FIELD_WANTED)
#undef FIELD_WANTED
};

static size_t offsets[FIELD_COUNT];

/** Members of QemuX86State, which is used as a whole. */
static const struct {
    WantedField field;
    size_t offset;
} head[] = {
    {{"env.regs", 8}, offsetof(QemuX86State, regs)},
    {{"env.eip", 8}, offsetof(QemuX86State, rip)},
    {{"env.eflags", 8}, offsetof(QemuX86State, rflags)},
    {{"env.hflags", 4}, offsetof(QemuX86State, hflags)},
    {{"env.hflags2", 4}, offsetof(QemuX86State, hflags2)},
    {{"env.segs", sizeof(QemuSegment)}, offsetof(QemuX86State, segments)},
    {{"env.ldt", sizeof(QemuSegment)}, offsetof(QemuX86State, ldt)},
    {{"env.tr", sizeof(QemuSegment)}, offsetof(QemuX86State, tr)},
    {{"env.gdt", sizeof(QemuSegment)}, offsetof(QemuX86State, gdt)},
    {{"env.idt", sizeof(QemuSegment)}, offsetof(QemuX86State, idt)},
    {{"env.cr[0]", 8}, offsetof(QemuX86State, cr[0])},
    {{"env.cr[2]", 8}, offsetof(QemuX86State, cr[2])},
    {{"env.cr[3]", 8}, offsetof(QemuX86State, cr[3])},
    {{"env.cr[4]", 8}, offsetof(QemuX86State, cr[4])},
};

/** The described offset of a member; -1, with a line in the log, if there is none of that name and size. */
static ptrdiff_t find(const StateField *fields, const WantedField *field)
{
    for (int i = 0; i < MAX_FIELDS && fields[i].name; i++)
        if (strcmp(fields[i].name, field->name) == 0 && fields[i].size == field->size)
            return (ptrdiff_t)fields[i].offset;
    log_error("QEMU's description of its CPU object has no %s of %zu bytes; this build of QEMU is not supported", field->name,
              field->size);
    return -1;
}

bool vcpu_fields_resolve(void)
{
    const StateField *fields;

    memcpy(&fields, qemu.cpu_description + STATE_DESCRIPTION_FIELDS, sizeof fields);
    if (!fields || !fields->name || strcmp(fields->name, wanted[FIELD_REGISTERS].name) != 0) {
        log_error("QEMU's description of its CPU object is not laid out as expected; this build of QEMU is not supported");
        return false;
    }
    for (int i = 0; i < FIELD_COUNT; i++) {
        ptrdiff_t offset = find(fields, &wanted[i]);

        if (offset < 0)
            return false;
        offsets[i] = (size_t)offset;
    }
    for (size_t i = 0; i < sizeof head / sizeof *head; i++) {
        ptrdiff_t offset = find(fields, &head[i].field);

        if (offset < 0)
            return false;
        if ((size_t)offset - offsets[FIELD_REGISTERS] != head[i].offset) {
            log_error("%s is %zu bytes behind the registers of QEMU's CPU object instead of %zu; this build is not supported",
                      head[i].field.name, (size_t)offset - offsets[FIELD_REGISTERS], head[i].offset);
            return false;
        }
    }
    return true;
}

void *vcpu_field_address(CPUState *cpu, VcpuField field)
{
    return (char *)cpu + offsets[field];
}

uint64_t vcpu_field_read(CPUState *cpu, VcpuField field)
{
    uint64_t value = 0;

    memcpy(&value, vcpu_field_address(cpu, field), wanted[field].size);
    return value;
}

void vcpu_field_write(CPUState *cpu, VcpuField field, uint64_t value)
{
    memcpy(vcpu_field_address(cpu, field), &value, wanted[field].size);
}

_Static_assert(sizeof(StateField) == 104, "layout of StateField");
