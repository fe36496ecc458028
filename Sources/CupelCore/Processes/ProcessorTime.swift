import Glibc

/// Processor time that processes have used, user and system together.
package enum ProcessorTime {
    /// What this process has used so far.
    package static var ofThisProcess: Duration {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
    }

    /// What another process has used so far, from `/proc/PID/stat` (proc(5): fields 14 and 15, in clock ticks); `nil`
    /// when there is no such process.
    package static func ofProcess(_ id: Int32) -> Duration? {
        guard let text = try? BoundedFile.text(at: "/proc/\(id)/stat", limit: 4096),
            // The second field is the name in parentheses, which may hold spaces.
            let nameEnd = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 12, let user = Int64(fields[11]), let system = Int64(fields[12]) else { return nil }
        return .microseconds((user + system) * 1_000_000 / Int64(sysconf(Int32(_SC_CLK_TCK))))
    }
}
