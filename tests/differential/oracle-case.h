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
/* The part of the data that a case may touch lies around the border of the two pages. */
#define WINDOW_SIZE 4096u
#define WINDOW_OFFSET (0x1000u - WINDOW_SIZE / 2)
/* An XSAVE area up to AVX-512, of any maker. */
#define AREA_SIZE 2816u
#define AREA_XMM 160u
#define AREA_MXCSR 24u

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
    uint32_t bits;         /* 16, 32 or 64 */
    uint32_t uses_state;   /* whether extended state matters */
    uint16_t selectors[6]; /* ES CS SS DS FS GS, for 16 bits */
    uint16_t window_first; /* the part of the window that the case uses; the rest is zeros */
    uint16_t window_length;
    uint8_t area[AREA_SIZE]; /* extended state, in the standard format of XSAVE */
    uint8_t window[WINDOW_SIZE];
};

_Static_assert(sizeof(struct oracle_case) == 184 + AREA_SIZE + WINDOW_SIZE, "as in OracleCase.cs");

/* What an oracle says of itself at first: OracleFacts.cs mirrors it. */
struct oracle_facts {
    uint64_t xcr0;
    uint64_t cr0;
    uint32_t mxcsr_mask;
    uint32_t reserved;
};

/* A request: cases [start, start + count). It is answered by the same bytes once they have been executed. */
struct oracle_request {
    uint32_t start;
    uint32_t count;
};

/* The cases are in a file that is mapped by both sides; requests come on standard input. */
static inline int oracle_serve(const char *path, const struct oracle_facts *facts,
                               void (*execute)(struct oracle_case *test, unsigned index))
{
    struct oracle_case *cases;
    struct oracle_request request;
    struct stat file_facts;
    uint32_t capacity;
    uint32_t i;
    int file = open(path, O_RDWR);

    if (file < 0 || fstat(file, &file_facts) != 0)
        return 2;
    cases = mmap(NULL, (size_t)file_facts.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (cases == MAP_FAILED)
        return 3;
    capacity = (uint32_t)((size_t)file_facts.st_size / sizeof *cases);
    if (write(1, facts, sizeof *facts) != (ssize_t)sizeof *facts)
        return 4;

    while (read(0, &request, sizeof request) == (ssize_t)sizeof request) {
        for (i = 0; i < request.count && request.start + i < capacity; i++)
            execute(&cases[request.start + i], i);
        if (write(1, &request, sizeof request) != (ssize_t)sizeof request)
            return 5;
    }

    return 0;
}

/* The part of the window that a case uses, in its own copy and in the data. */
static inline void oracle_put_window(const struct oracle_case *test, uint8_t *window)
{
    memcpy(window + test->window_first, test->window + test->window_first, test->window_length);
}

/* Takes the window back, clears the data, and says whether anything else was written there. */
static inline int oracle_take_window(struct oracle_case *test, uint8_t *data)
{
    static const uint8_t zeros[DATA_SIZE];
    uint8_t *window = data + WINDOW_OFFSET;

    memcpy(test->window + test->window_first, window + test->window_first, test->window_length);
    memset(window + test->window_first, 0, test->window_length);
    if (memcmp(data, zeros, DATA_SIZE) == 0)
        return 0;
    memset(data, 0, DATA_SIZE);
    return 1;
}

#endif
