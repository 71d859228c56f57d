/* SPDX-License-Identifier: MIT */
/**
 * modes.h - what the program can be asked for. Each prints lines of words: a name, then numbers.
 */
#ifndef BENCH_MODES_H
#define BENCH_MODES_H

/** `NAME MIN MEDIAN` of each case: nanoseconds an event, of so many batches. The batches of the cases take turns. */
void mode_time(const char *library, unsigned batches);

/** Runs each case twice, SHORT and LONG events, and has callgrind write what each run cost: see count.c. */
void mode_count(const char *library, const char *only);

/** Nanoseconds of the very first exit of a guest after IntInit; kind is "outside" or "blocked". */
void mode_first(const char *library, const char *kind);

/** Bytes that the library and a guest take. */
void mode_memory(const char *library);

/** Throughput of two vCPUs of one guest, and of two processes with one each, in turns. */
void mode_scale(const char *self, const char *library, unsigned rounds);

/** The part of mode_scale that loads the library: so many vCPUs, a round for each byte of standard input. */
void mode_scale_worker(const char *library, unsigned vcpus, unsigned first_processor);

/** Looks so many seconds for the exit that takes longest, and prints it: see worst.h. */
void mode_worst(const char *library, unsigned seconds, unsigned seed);

#endif /* BENCH_MODES_H */
