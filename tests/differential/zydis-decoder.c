/*
 * Decodes 64-bit code with Zydis, one instruction after the other, and says what each does with memory. Arguments: a file, the offset
 * of the code in it, its bytes, its address; sixteen registers of 8 bytes, in the order of the encoding, come on standard input.
 * ZydisCode.cs reads the answer.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <Zydis/Zydis.h>

#define MAX_OPERANDS 8

#define ACCESS_READ 1u
#define ACCESS_WRITE 2u
#define ACCESS_CONDITIONAL 4u

#define FLAG_HIDDEN 1u    /* the instruction does not name it */
#define FLAG_VECTOR 2u    /* a vector of indexes: the address is that without them */
#define FLAG_UNKNOWN 4u   /* Zydis computes no address */

/* A zero length: no instruction begins at this byte. */
struct head {
    uint8_t length;
    uint8_t count;
};

struct operand {
    uint64_t address;
    uint32_t size;
    uint8_t access;
    uint8_t segment; /* ES CS SS DS FS GS from 0 */
    uint8_t flags;
    uint8_t reserved;
};

_Static_assert(sizeof(struct operand) == 16, "as in ZydisCode.cs");

static ZydisRegisterContext registers;

static uint8_t access_of(ZydisOperandActions actions)
{
    return (uint8_t)((actions & ZYDIS_OPERAND_ACTION_MASK_READ ? ACCESS_READ : 0) |
                     (actions & ZYDIS_OPERAND_ACTION_MASK_WRITE ? ACCESS_WRITE : 0) |
                     (actions & (ZYDIS_OPERAND_ACTION_CONDREAD | ZYDIS_OPERAND_ACTION_CONDWRITE) ? ACCESS_CONDITIONAL : 0));
}

static uint8_t segment_of(ZydisRegister segment)
{
    switch (segment) {
    case ZYDIS_REGISTER_ES: return 0;
    case ZYDIS_REGISTER_CS: return 1;
    case ZYDIS_REGISTER_SS: return 2;
    case ZYDIS_REGISTER_FS: return 4;
    case ZYDIS_REGISTER_GS: return 5;
    default: return 3;
    }
}

static unsigned describe(const ZydisDecodedInstruction *instruction, const ZydisDecodedOperand *operands, uint64_t address,
                         struct operand *answers)
{
    unsigned count = 0;
    for (unsigned i = 0; i < instruction->operand_count && count < MAX_OPERANDS; i++) {
        const ZydisDecodedOperand *operand = &operands[i];
        struct operand *answer = &answers[count];
        ZydisDecodedOperand without = *operand;
        if (operand->type != ZYDIS_OPERAND_TYPE_MEMORY ||
            (operand->mem.type != ZYDIS_MEMOP_TYPE_MEM && operand->mem.type != ZYDIS_MEMOP_TYPE_VSIB))
            continue;
        *answer = (struct operand){.size = operand->size / 8u, .access = access_of(operand->actions),
                                   .segment = segment_of(operand->mem.segment)};
        if (operand->visibility == ZYDIS_OPERAND_VISIBILITY_HIDDEN)
            answer->flags |= FLAG_HIDDEN;
        if (operand->mem.type == ZYDIS_MEMOP_TYPE_VSIB) {
            answer->flags |= FLAG_VECTOR;
            without.mem.type = ZYDIS_MEMOP_TYPE_MEM;
            without.mem.index = ZYDIS_REGISTER_NONE;
            without.mem.scale = 0;
        }
        if (!ZYAN_SUCCESS(ZydisCalcAbsoluteAddressEx(instruction, &without, address, &registers, &answer->address)))
            answer->flags |= FLAG_UNKNOWN;
        count++;
    }
    return count;
}

int main(int argc, char **argv)
{
    static const ZydisRegister first[] = {ZYDIS_REGISTER_RAX, ZYDIS_REGISTER_EAX, ZYDIS_REGISTER_AX};
    uint64_t values[16];
    if (argc != 5 || fread(values, sizeof *values, 16, stdin) != 16)
        return 2;
    for (unsigned i = 0; i < 16; i++) {
        registers.values[first[0] + i] = values[i];
        registers.values[first[1] + i] = (uint32_t)values[i];
        registers.values[first[2] + i] = (uint16_t)values[i];
    }
    registers.values[ZYDIS_REGISTER_AL] = (uint8_t)values[0];

    const size_t offset = strtoull(argv[2], NULL, 0), size = strtoull(argv[3], NULL, 0);
    const uint64_t base = strtoull(argv[4], NULL, 0);
    int file = open(argv[1], O_RDONLY);
    off_t end = file < 0 ? -1 : lseek(file, 0, SEEK_END);
    if (end < 0 || offset > (size_t)end || size > (size_t)end - offset)
        return 3;
    const uint8_t *code = mmap(NULL, (size_t)end, PROT_READ, MAP_PRIVATE, file, 0);
    if (code == MAP_FAILED)
        return 4;
    code += offset;

    ZydisDecoder decoder;
    if (!ZYAN_SUCCESS(ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64)))
        return 5;
    static char buffer[1 << 20];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    for (size_t at = 0; at < size;) {
        ZydisDecodedInstruction instruction;
        ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
        struct operand answers[MAX_OPERANDS];
        struct head head = {0, 0};
        if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, code + at, size - at, &instruction, operands))) {
            head.length = instruction.length;
            head.count = (uint8_t)describe(&instruction, operands, base + at, answers);
        }
        if (fwrite(&head, sizeof head, 1, stdout) != 1 || fwrite(answers, sizeof *answers, head.count, stdout) != head.count)
            return 6;
        at += head.length != 0 ? head.length : 1;
    }
    return fflush(stdout) != 0;
}
