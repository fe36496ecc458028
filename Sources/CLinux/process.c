#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Only async-signal-safe calls may stand between fork and exec.
static void run_child(const char *const argv[], const char *const envp[], const char *directory,
                      const int descriptors[], int count, int report, pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < 32; s++) signal(s, SIG_DFL);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent) _exit(127);
    // Sources first move above all targets, so that no dup2 overwrites one that is still needed.
    int moved[16];
    report = fcntl(report, F_DUPFD_CLOEXEC, 64);
    if (report < 0) _exit(127);
    for (int i = 0; i < count; i++)
        if ((moved[i] = fcntl(descriptors[i], F_DUPFD_CLOEXEC, 64)) < 0) goto failed;
    for (int i = 0; i < count; i++)
        if (dup2(moved[i], i) < 0) goto failed;
    if (directory && chdir(directory) != 0) goto failed;
    // Everything above closes at exec, whoever forgot O_CLOEXEC.
    syscall(SYS_close_range, (unsigned)count, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */);
    execvpe(argv[0], (char *const *)argv, (char *const *)envp);
failed:;
    int code = errno;
    ssize_t ignored = write(report, &code, sizeof code);
    (void)ignored;
    _exit(127);
}

pid_t clinux_spawn(const char *const argv[], const char *const envp[], const char *directory,
                   const int descriptors[], int count) {
    if (count < 3 || count > 16) {
        errno = EINVAL;
        return -1;
    }
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) return -1;
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) run_child(argv, envp, directory, descriptors, count, report[1], parent);
    int saved = errno;
    close(report[1]);
    if (pid < 0) {
        close(report[0]);
        errno = saved;
        return -1;
    }
    int code = 0;
    ssize_t got;
    do got = read(report[0], &code, sizeof code);
    while (got < 0 && errno == EINTR);
    close(report[0]);
    if (got == (ssize_t)sizeof code) {
        waitpid(pid, NULL, 0);
        errno = code;
        return -1;
    }
    return pid;
}

pid_t clinux_reap(pid_t pid, struct clinux_ending *ending) {
    int status = 0;
    struct rusage usage;
    pid_t got;
    do got = wait4(pid, &status, WNOHANG, &usage);
    while (got < 0 && errno == EINTR);
    if (got != pid) return got;
    ending->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    ending->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + ending->signal;
    ending->cpu_microseconds = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000 +
                               usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
    return got;
}

int clinux_adopt_orphans(void) { return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

int clinux_reap_group(pid_t group) {
    pid_t got;
    do got = waitpid(-group, NULL, WNOHANG);
    while (got > 0 || (got < 0 && errno == EINTR));
    return got == 0;
}

int clinux_open_process(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int clinux_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

int clinux_open_event(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

int clinux_open_data(const void *bytes, size_t count) {
    int fd = memfd_create("cupel", MFD_CLOEXEC);
    if (fd < 0) return -1;
    const char *next = bytes;
    while (count > 0) {
        ssize_t written = write(fd, next, count);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            int saved = errno;
            close(fd);
            errno = saved;
            return -1;
        }
        next += written;
        count -= (size_t)written;
    }
    if (lseek(fd, 0, SEEK_SET) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}
