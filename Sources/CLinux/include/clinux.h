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

/// Starts `argv` in a session of its own with the given descriptors as standard input, output and error, an exact
/// environment, and SIGKILL when the calling thread's process dies. Returns the process id, or -1 with errno, also
/// when exec itself fails in the child.
pid_t clinux_spawn(const char *const argv[], const char *const envp[], const char *directory,
                   int stdin_fd, int stdout_fd, int stderr_fd);

/// Waits for `pid` without blocking. Returns the pid once it ended (status decoded into `exit_code`: 0...255, or
/// 128 + signal), 0 while it runs, -1 with errno.
pid_t clinux_reap(pid_t pid, int *exit_code);

#endif
