#define _GNU_SOURCE
#include "clinux.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <errno.h>
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#if defined(__x86_64__)
#define OUR_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define OUR_ARCH AUDIT_ARCH_AARCH64
#else
#error "the sandbox's filter knows x86-64 and AArch64"
#endif

// What a linter, an interpreter or a playbook's test never needs. Names that a libc lacks have their number behind.
static const int refused[] = {
    SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_swapon, SYS_swapoff, SYS_reboot, SYS_setns, SYS_unshare,
    SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_bpf, SYS_perf_event_open, SYS_userfaultfd,
    SYS_add_key, SYS_request_key, SYS_keyctl, SYS_kexec_load, SYS_init_module, SYS_finit_module, SYS_delete_module,
    SYS_acct, SYS_quotactl, SYS_syslog, SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime,
    SYS_adjtimex, SYS_clock_adjtime, SYS_name_to_handle_at, SYS_open_by_handle_at, SYS_lookup_dcookie,
    SYS_move_pages, SYS_mbind, SYS_migrate_pages, SYS_set_mempolicy, SYS_vhangup, SYS_nfsservctl, SYS_personality,
    425 /* io_uring_setup */, 426 /* io_uring_enter */, 427 /* io_uring_register */,
    428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */, 431 /* fsconfig */, 432 /* fsmount */,
    433 /* fspick */, 438 /* pidfd_getfd */, 442 /* mount_setattr */,
#ifdef SYS_kexec_file_load
    SYS_kexec_file_load,
#endif
#ifdef SYS_ioperm
    SYS_ioperm, SYS_iopl, SYS_modify_ldt, SYS_uselib,
#endif
};

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define UNLESS_EQUAL(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
#define REFUSE(code) RETURN(SECCOMP_RET_ERRNO | (code))

_Static_assert(2 * sizeof refused / sizeof *refused + 20 <= CLINUX_FILTER_MAX, "the filter has room");

size_t clinux_sandbox_filter(void *program) {
    struct sock_filter filter[CLINUX_FILTER_MAX];
    size_t n = 0;
#define ADD(...) filter[n++] = (struct sock_filter)__VA_ARGS__
    ADD(LOAD(arch));
    ADD(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, OUR_ARCH, 1, 0));
    ADD(RETURN(SECCOMP_RET_KILL_PROCESS));
    ADD(LOAD(nr));
#if defined(__x86_64__)
    // The x32 numbers are a second door to the same calls.
    ADD(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1));
    ADD(REFUSE(ENOSYS));
#endif
    // clone3 hides its flags in memory that a filter cannot read; libc falls back to clone when it is absent.
    ADD(UNLESS_EQUAL(435, 1));
    ADD(REFUSE(ENOSYS));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        ADD(UNLESS_EQUAL((unsigned)refused[i], 1));
        ADD(REFUSE(EPERM));
    }
    ADD(UNLESS_EQUAL(SYS_clone, 4));
    ADD(LOAD(args[0]));
    ADD(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_NEWUSER, 0, 1));
    ADD(REFUSE(EPERM));
    ADD(RETURN(SECCOMP_RET_ALLOW));
    // TIOCSTI types into the terminal of whoever started us.
    ADD(UNLESS_EQUAL(SYS_ioctl, 3));
    ADD(LOAD(args[1]));
    ADD(UNLESS_EQUAL(0x5412, 1));
    ADD(REFUSE(EPERM));
    ADD(RETURN(SECCOMP_RET_ALLOW));
    memcpy(program, filter, n * sizeof *filter);
    return n * sizeof *filter;
#undef ADD
}
