/* SPDX-License-Identifier: MIT */
/* PhysMemMapToHost and PhysMemUnmap: every pointer that is given out is remembered until it is taken back. */
#include "fake-hypervisor.h"

#include <pthread.h>
#include <sys/mman.h>

/* Pointers given out and not yet taken back, of all guests. */
#define MAP_LIMIT 1024
static pthread_mutex_t map_lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    void *pointer;
    void *base; /* of a mapping of its own */
    size_t size;
    struct guest *guest;
    QWORD gpa;
} mappings[MAP_LIMIT];

static bool map_remember(struct guest *guest, QWORD gpa, void *pointer, void *base, size_t size)
{
    bool done = false;
    pthread_mutex_lock(&map_lock);
    for (size_t i = 0; i < MAP_LIMIT && !done; i++) {
        if (mappings[i].pointer == NULL) {
            mappings[i].pointer = pointer, mappings[i].base = base, mappings[i].size = size;
            mappings[i].guest = guest, mappings[i].gpa = gpa;
            done = true;
        }
    }
    pthread_mutex_unlock(&map_lock);
    return done;
}

static bool map_forget(void *pointer)
{
    bool done = false;
    pthread_mutex_lock(&map_lock);
    for (size_t i = 0; i < MAP_LIMIT && !done; i++) {
        if (mappings[i].pointer == pointer) {
            if (mappings[i].base != NULL)
                munmap(mappings[i].base, mappings[i].size);
            mappings[i].pointer = NULL;
            done = true;
        }
    }
    pthread_mutex_unlock(&map_lock);
    return done;
}

unsigned guest_break_mappings(struct guest *guest, QWORD gpa, int file)
{
    unsigned broken = 0;
    pthread_mutex_lock(&map_lock);
    for (size_t i = 0; i < MAP_LIMIT; i++) {
        if (mappings[i].pointer == NULL || mappings[i].base == NULL || mappings[i].guest != guest || mappings[i].gpa != gpa)
            continue;
        /* Whatever was there goes, and nothing else can come to lie there until PhysMemUnmap. */
        int protection = file < 0 ? PROT_NONE : PROT_READ | PROT_WRITE;
        int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
        if (mmap(mappings[i].base, mappings[i].size, protection, flags | MAP_FIXED, file, 0) == MAP_FAILED)
            host_error("a mapping could not be broken");
        broken++;
    }
    pthread_mutex_unlock(&map_lock);
    return broken;
}

INTSTATUS fake_map(void *handle, QWORD gpa, DWORD length, DWORD flags, void **pointer)
{
    struct guest *guest = fake_guest_of(handle, "PhysMemMapToHost");
    if (guest == NULL || pointer == NULL)
        return INT_STATUS_INVALID_PARAMETER_1;
    if ((flags & ~IG_PHYSMAP_NO_CACHE) != 0 || length == 0)
        host_error("PhysMemMapToHost of %u bytes with flags 0x%x", length, flags);
    if (guest->map_mode == MAP_FAIL || gpa >= GUEST_RAM_SIZE || length > GUEST_RAM_SIZE - gpa)
        return INT_STATUS_NOT_FOUND;
    if (guest->map_mode == MAP_NULL) {
        *pointer = NULL;
        return INT_STATUS_SUCCESS;
    }

    void *base = NULL;
    size_t size = 0;
    *pointer = guest->ram + gpa;
    if (guest->map_mode == MAP_FRESH) {
        QWORD first = gpa & ~0xFFFull;
        size = (size_t)(((gpa + length + 0xFFF) & ~0xFFFull) - first);
        base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, guest->ram_fd, (off_t)first);
        if (base == MAP_FAILED)
            return INT_STATUS_INSUFFICIENT_RESOURCES;
        *pointer = (BYTE *)base + (gpa - first);
    }
    if (!map_remember(guest, gpa, *pointer, base, size)) {
        host_error("more than %d mappings at a time", MAP_LIMIT);
        return INT_STATUS_INSUFFICIENT_RESOURCES;
    }
    atomic_fetch_add(&guest->counts[COUNT_MAP], 1);
    return INT_STATUS_SUCCESS;
}

INTSTATUS fake_unmap(void *handle, void **pointer)
{
    struct guest *guest = fake_guest_of(handle, "PhysMemUnmap");
    if (guest == NULL || pointer == NULL)
        return INT_STATUS_INVALID_PARAMETER_1;
    if (!map_forget(*pointer)) {
        host_error("PhysMemUnmap of a pointer that is not mapped");
        return INT_STATUS_NOT_FOUND;
    }
    *pointer = NULL;
    atomic_fetch_add(&guest->counts[COUNT_UNMAP], 1);
    return INT_STATUS_SUCCESS;
}
