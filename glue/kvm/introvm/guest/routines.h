/* SPDX-License-Identifier: MIT */
/** Routines of the guest that introvm calls, in the order of their table in the image's header. */
ROUTINE(routine_nothing)
ROUTINE(routine_store)         /* rax to [rdi] */
ROUTINE(routine_load)          /* [rdi] to rax */
ROUTINE(routine_repeat_stos)   /* rcx quadwords of rax to [rdi] */
ROUTINE(routine_repeat_movs)   /* rcx quadwords from [rsi] to [rdi] */
ROUTINE(routine_user)          /* rbx at privilege level 3, until INT 80h or an exception */
ROUTINE(routine_user_store)    /* for it: rax to [rdi] */
ROUTINE(routine_user_cli)      /* for it: what is forbidden */
ROUTINE(routine_write_msr)     /* rdx:rax to MSR rcx */
ROUTINE(routine_read_msr)
ROUTINE(routine_clear_wp)      /* CR0.WP */
ROUTINE(routine_set_wp)
ROUTINE(routine_undefined)     /* UD2 */
ROUTINE(routine_map)           /* rax to the page-table entry at [rdi], and INVLPG of rsi */
ROUTINE(routine_touch)         /* reads rcx pages from rdi on, sums up their first quadwords in rax */
ROUTINE(routine_spin)          /* counts in the mailbox until told to stop */
ROUTINE(routine_storm)         /* rcx stores of rising values to [rdi], each read back; forbidden ones to [rsi]; rax: what went wrong */
ROUTINE(routine_wide_storm)    /* the same to [rdi] alone, by an instruction that KVM does not emulate */
ROUTINE(routine_user_entry_stack) /* rax becomes the stack of exceptions from user code */
