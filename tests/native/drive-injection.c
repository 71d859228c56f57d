/* SPDX-License-Identifier: MIT */
/* Exceptions that the engine asks for, and what becomes of them. */
#include "drive.h"

#include <string.h>

#define VECTOR_GENERAL_PROTECTION 13
#define VECTOR_PAGE_FAULT 14
#define ERROR_WRITE 2
#define ABSENT (GLA_IDT + 0x1000)     /* the page behind the table */
#define ABSENT_ENTRY (0x7000 + 1 * 8) /* its paging entry */

static QWORD *absent_entry(struct guest *guest)
{
    return (QWORD *)(void *)(guest->ram + ABSENT_ENTRY);
}

/* A store of 8 bytes, half of it in the table's last gate, half of it in a page that is not there. No bytes are carried, so that the
   hypervisor would complete the instruction as a whole. */
static struct store crossing_store(struct guest *guest, QWORD offset)
{
    guest->cpus[0].regs.Rdi = ABSENT - 4;
    guest->cpus[0].regs.Rsi = 0x1122334455667788;
    return (struct store){
        .rip = RIP_KERNEL(CODE_MOV8 + offset), .gla = ABSENT - 4, .gpa = GPA_IDT + 0xFFC, .pushed = PUSH_ALL,
    };
}

/* Stores, and expects that the guest is sent back with the page fault; or that none is asked for. */
static void sent_back(struct guest *guest, const struct store *store, unsigned asked, const char *name)
{
    unsigned before = guest->injected.count;
    struct outcome outcome = guest_store(guest, store);
    check(outcome.action == introGuestRetry && guest->injected.count == before + asked && guest->alert_count == 0, name,
          "status 0x%08X, action %d, %u injections, %u alerts", (unsigned)outcome.status, (int)outcome.action,
          guest->injected.count - before, guest->alert_count);
}

/* What the hypervisor tells after the next entry into the guest. */
static void told(struct guest *guest, DWORD vector, QWORD cr2, const char *name)
{
    guest->injected.pending = false;
    PFUNC_IntEventInjectionCallback handler = guest->injection_handler;
    CHECK(handler != NULL, "the handler of injections is registered");
    if (handler == NULL)
        return;
    CHECK_STATUS(INT_STATUS_SUCCESS, handler(guest, vector, ERROR_WRITE, cr2, 0), name);
    CHECK_EQ(0, guest_record(guest, 0)->Exception.Valid, "nothing is outstanding then");
}

static struct guest *start(void)
{
    struct guest *guest = guest_create(1);
    guest->configure = false; /* the default: the hypervisor completes the instruction */
    *absent_entry(guest) &= ~1ull;
    if (CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "a guest is taken under protection"))
        return guest;
    guest_destroy(guest);
    return NULL;
}

void drive_injection(void)
{
    struct guest *guest = start();
    if (guest == NULL)
        return;
    struct store store = crossing_store(guest, 0);
    sent_back(guest, &store, 1, "a store into a page that is not there gets its page fault");
    CHECK_EQ(VECTOR_PAGE_FAULT, guest->injected.vector, "its vector");
    CHECK_EQ(ERROR_WRITE, guest->injected.error, "its error code: absent, a write, by the kernel");
    CHECK_EQ(ABSENT, guest->injected.cr2, "its address");
    CHECK_EQ(1, guest_record(guest, 0)->Exception.Valid, "it is outstanding");

    told(guest, VECTOR_PAGE_FAULT, ABSENT, "it was delivered");
    sent_back(guest, &store, 1, "the guest did not bring the page in: again");
    told(guest, VECTOR_GENERAL_PROTECTION, 0, "another exception was delivered in its place");
    sent_back(guest, &store, 1, "again");
    told(guest, VECTOR_PAGE_FAULT, GLA_UNMAPPED, "a page fault of another page was delivered in its place");
    sent_back(guest, &store, 1, "again");
    told(guest, VECTOR_PAGE_FAULT, ABSENT + 0x20, "that page's, at another address");

    *absent_entry(guest) |= 1;
    struct outcome outcome = guest_store(guest, &store);
    CHECK_EQ(introGuestNotAllowed, outcome.action, "with the page there, the store is judged");
    CHECK_EQ(1, guest->alert_count, "and reported");
    drive_finish(guest);
}

void drive_injection_lost(void)
{
    struct guest *guest = start();
    if (guest == NULL)
        return;
    struct store store = crossing_store(guest, 0);
    sent_back(guest, &store, 1, "a page fault is asked for");
    guest->injected.pending = false;
    sent_back(guest, &store, 1, "the vCPU is still there, and nobody has told anything: it was lost, and is asked for again");

    /* The same instruction elsewhere: the vCPU has moved, and what became of the injection is still to be told. */
    memcpy(guest->ram + GPA_CODE + 0x800, guest->ram + GPA_CODE + CODE_MOV8, 3);
    struct store elsewhere = crossing_store(guest, 0x800);
    sent_back(guest, &elsewhere, 0, "one is outstanding: none is asked for");
    told(guest, VECTOR_PAGE_FAULT, ABSENT, "it was delivered");
    sent_back(guest, &elsewhere, 1, "another one");
    drive_finish(guest);
}

void drive_injection_refused(void)
{
    struct guest *guest = start();
    if (guest == NULL)
        return;
    guest->inject_status = INT_STATUS_NOT_READY;
    struct store store = crossing_store(guest, 0);
    sent_back(guest, &store, 0, "a glue that refuses is tried a few times");
    CHECK_EQ(0, guest_record(guest, 0)->Exception.Valid, "nothing is outstanding");
    struct outcome outcome = guest_store(guest, &store);
    CHECK_EQ(introGuestNotAllowed, outcome.action, "then what is known of the store is judged");
    drive_finish(guest);
}

void drive_injection_unload(void)
{
    struct guest *guest = start();
    if (guest == NULL)
        return;
    struct store store = crossing_store(guest, 0);
    sent_back(guest, &store, 1, "a page fault is asked for");
    PFUNC_IntEventInjectionCallback handler = guest->injection_handler;
    CHECK_STATUS(INT_STATUS_SUCCESS, glue.DisableIntro(guest, 0), "the guest is let go while it is outstanding");
    CHECK(guest_is_free(guest), "all rights are back and no handler is registered");
    guest->records = NULL;
    if (handler != NULL) {
        CHECK_STATUS(INT_STATUS_NOT_INITIALIZED_HINT, handler(guest, VECTOR_PAGE_FAULT, ERROR_WRITE, ABSENT, 0),
                     "that it was delivered is told late, through the former handler");
    }
    guest->injected.pending = false;
    unsigned asked = guest->injected.count;
    CHECK_STATUS(INT_STATUS_SUCCESS, guest_start(guest, OPTION_IDT), "the same guest again");
    CHECK_EQ(0, guest_record(guest, 0)->Exception.Valid, "nothing is outstanding");
    sent_back(guest, &store, 1, "and it may be asked for again");
    CHECK_EQ(asked + 1, guest->injected.count, "once");
    drive_finish(guest);
}
