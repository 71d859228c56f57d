// SPDX-License-Identifier: GPL-2.0-or-later
// Reset, switching off and snapshots. QEMU tells of resets, also of the one by which it prepares to restore a snapshot, and of
// changes of its run state.

#include "guest_life.h"

#include <string.h>

#include "qemu_internals.h"
#include "session.h"
#include "vcpu.h"

static struct {
    int shutdown, restoring; /* QEMU's numbers of these run states */
    bool is_restoring;       /* a snapshot is being restored, or was until the vCPUs run again */
    bool has_run;
} life;

/** The machine starts over: what the engine has learned of the guest is void, and its memory is free to be written. Nothing can
 *  be protected before there is a kernel again, so that the engine is let go of, and called again for the next user process. */
static void on_reset(void *opaque)
{
    (void)opaque;
    if (!life.is_restoring)
        session_wait_again();
}

/** With the big lock, all vCPUs stopped for now. */
static void on_run_state(void *opaque, bool is_running, int run_state)
{
    (void)opaque;
    if (!is_running) {
        if (run_state == life.shutdown)
            session_stop();
        life.is_restoring |= run_state == life.restoring;
        return;
    }
    // A machine that is restored goes on in the middle of a kernel, and so does one that starts from a snapshot.
    if (life.is_restoring || !life.has_run)
        session_resume_elsewhere();
    life.is_restoring = false;
    life.has_run = true;
}

static int number_of(const char *name)
{
    for (int i = 0; i < qemu.run_state_names->count; i++)
        if (strcmp(qemu.run_state_names->names[i], name) == 0)
            return i;
    return -1;
}

void guest_life_prepare(void)
{
    life.shutdown = number_of("shutdown");
    life.restoring = number_of("restore-vm");
    qemu.qemu_register_reset(on_reset, NULL);
    qemu.qemu_add_vm_change_state_handler(on_run_state, NULL);
}
