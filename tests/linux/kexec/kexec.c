// SPDX-License-Identifier: MIT
/*
 * kexec KERNEL INITRAMFS COMMAND_LINE - starts another kernel from inside of a Linux, past the firmware. Returns only if it cannot.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/reboot.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int count, char **arguments)
{
    int kernel = count == 4 ? open(arguments[1], O_RDONLY) : -1;
    int initramfs = count == 4 ? open(arguments[2], O_RDONLY) : -1;

    if (kernel < 0 || initramfs < 0)
        perror("kexec KERNEL INITRAMFS COMMAND_LINE");
    else if (syscall(SYS_kexec_file_load, kernel, initramfs, strlen(arguments[3]) + 1, arguments[3], 0ul) != 0)
        perror("kexec_file_load");
    else if (reboot((int)LINUX_REBOOT_CMD_KEXEC) != 0)
        perror("reboot");
    return 1;
}
