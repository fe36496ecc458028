// CLinux: the Linux calls that Swift cannot make, because they are variadic, macros, or share a name with a type.
#ifndef CUPEL_CLINUX_H
#define CUPEL_CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Opens `path` relative to the directory `root_fd`; the result can lie nowhere outside it: symbolic links, `..`
/// and mount tricks that leave it are refused by the kernel (openat2 with RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS).
/// Returns a descriptor (close-on-exec), or -1 with errno set.
int clinux_open_beneath(int root_fd, const char *path, int flags, mode_t mode);

/// Takes an exclusive advisory lock on `fd` without waiting. Returns 0, or -1 with errno (EWOULDBLOCK when owned).
int clinux_lock_exclusive(int fd);

/// Asks the kernel to send `signal` to this process when its parent dies. Returns 0 or -1 with errno.
int clinux_set_parent_death_signal(int signal);

/// Starts `argv` in a session of its own with `descriptors[i]` as its descriptor i (0, 1 and 2 first) and no other, an
/// exact environment, and SIGKILL when the calling THREAD ends: call it from one that lives as long as the process.
/// Returns the process id, or -1 with errno, also when exec itself fails in the child.
pid_t clinux_spawn(const char *const argv[], const char *const envp[], const char *directory,
                   const int descriptors[], int count);

/// How a process ended: 0...255 or 128 + signal, and the processor time of it and of all that it waited for.
struct clinux_ending {
    int exit_code;
    int signal;
    int64_t cpu_microseconds;
};

/// Waits for `pid` without blocking. Returns the pid once it ended, 0 while it runs, -1 with errno.
pid_t clinux_reap(pid_t pid, struct clinux_ending *ending);

/// Makes this process the parent of orphaned descendants (PR_SET_CHILD_SUBREAPER). Returns 0 or -1 with errno.
int clinux_adopt_orphans(void);

/// Collects what has ended of the children of ours in process group `group`. Returns how many it must be asked about
/// again: 1 while one still runs, 0 when none is left.
int clinux_reap_group(pid_t group);

/// A descriptor that becomes readable when the process ends (pidfd_open), or -1 with errno.
int clinux_open_process(pid_t pid);

/// A pipe whose ends close at exec: ends[0] is read, ends[1] written. Returns 0, or -1 with errno.
int clinux_pipe(int ends[2]);

/// An eventfd that does not block, close-on-exec, or -1 with errno.
int clinux_open_event(void);

/// A sealed-size anonymous file that holds `bytes` and is read from its start, close-on-exec, or -1 with errno.
int clinux_open_data(const void *bytes, size_t count);

/// The most 8-byte instructions that `clinux_sandbox_filter` writes.
#define CLINUX_FILTER_MAX 256

/// Writes the seccomp-BPF program of our sandbox (struct sock_filter, 8 bytes each) to `program`, which has room for
/// CLINUX_FILTER_MAX of them, and returns its length in bytes. It refuses with EPERM what no guest of ours needs and
/// kernels have been broken with: mounting, tracing, new user namespaces, keys, BPF, modules, io_uring.
size_t clinux_sandbox_filter(void *program);

#endif
