import CupelCore

/// Every module that an ask can be read for, by its short name.
enum ModuleReaders {
    static let all: [String: @Sendable (Reading) -> ModuleReading?] = [
        PackageReaders.all, ServiceReaders.all, AccountReaders.all, FileReaders.all, TextReaders.all,
        TransferReaders.all, ScheduleReaders.all, NetworkReaders.all, RunReaders.all,
    ].reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }

    /// Modules that are offered only when nothing else fits.
    static let lastResorts: Set<String> = ["command", "shell", "raw", "script"]
}
