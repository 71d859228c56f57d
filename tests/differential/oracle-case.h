/* What both sides of an oracle know: OracleCase.cs mirrors it. */
#ifndef ORACLE_CASE_H
#define ORACLE_CASE_H

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATA_SIZE 0x2000u
#define WINDOW_SIZE 512u
/* The window lies around the border of the two pages of data. */
#define WINDOW_OFFSET (0x1000u - WINDOW_SIZE / 2)

#define STATUS_FELL_THROUGH 0u
#define STATUS_LANDED 1u
#define STATUS_FAULT 100u      /* and the number of the signal or error */
#define STATUS_OUTSIDE 0x1000u /* something outside of the window was written */

struct oracle_case {
    uint64_t gprs[16]; /* in the order of the encoding */
    uint64_t flags;
    uint32_t status;
    uint32_t length;
    uint8_t code[16];
    uint8_t window[WINDOW_SIZE];
    uint8_t ymm[16 * 32];
    uint32_t mxcsr;
    uint32_t bits;         /* 16, 32 or 64 */
    uint16_t selectors[6]; /* ES CS SS DS FS GS, for 16 bits */
    uint32_t reserved;
};

_Static_assert(sizeof(struct oracle_case) == 1208, "as in OracleCase.cs");

/*
 * The cases are in a file that is mapped by both sides; on standard input come counts of 4 bytes, and each is answered, once that
 * many cases have been executed, by the same 4 bytes.
 */
static inline int oracle_serve(const char *path, void (*execute)(struct oracle_case *test, unsigned index))
{
    struct oracle_case *cases;
    struct stat facts;
    uint32_t count;
    uint32_t i;
    int file = open(path, O_RDWR);

    if (file < 0 || fstat(file, &facts) != 0)
        return 2;
    cases = mmap(NULL, (size_t)facts.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (cases == MAP_FAILED)
        return 3;

    while (read(0, &count, sizeof count) == (ssize_t)sizeof count) {
        for (i = 0; i < count && (i + 1) * sizeof *cases <= (size_t)facts.st_size; i++)
            execute(&cases[i], i);
        if (write(1, &count, sizeof count) != (ssize_t)sizeof count)
            return 4;
    }

    return 0;
}

#endif
