/// What bounds the scan of a tree.
package struct TreeOptions: Sendable {
    /// Bytes of a file that is looked at; larger ones are reported.
    package var maximumFileBytes: Int
    /// Directories inside each other; deeper ones are reported.
    package var maximumDepth: Int
    /// Entries of one directory that are looked at; more are reported.
    package var maximumEntries: Int
    /// Findings that are kept; the report says when there were more.
    package var maximumFindings: Int
    /// Problems that are kept with their path; all are counted.
    package var maximumProblems: Int
    /// Whether `.gitignore` and `.cupelignore` are heard.
    package var respectsIgnoreFiles: Bool
    /// Whether archives are opened; else they are binary files.
    package var opensArchives = true
    /// What bounds the opening of archives.
    package var archives = ArchiveLimits()
    /// Files that are not looked at, in the syntax of `.gitignore`, from the root.
    package var ignoredPaths: [String] = []
    /// What findings depend on: which licences pass.
    package var policy = VerdictPolicy.standard
    /// Whether the report says what each rule took.
    package var profiles = false
    /// Threads that look at files.
    package var workers: Int

    /// Bounds for a tree; the defaults keep memory under 200 MB.
    package init(
        maximumFileBytes: Int = 16 << 20,
        maximumDepth: Int = 128,
        maximumEntries: Int = 100_000,
        maximumFindings: Int = 20_000,
        maximumProblems: Int = 1000,
        respectsIgnoreFiles: Bool = true,
        workers: Int = 2
    ) {
        self.maximumFileBytes = maximumFileBytes
        self.maximumDepth = maximumDepth
        self.maximumEntries = maximumEntries
        self.maximumFindings = maximumFindings
        self.maximumProblems = maximumProblems
        self.respectsIgnoreFiles = respectsIgnoreFiles
        self.workers = max(1, min(workers, 64))
    }
}

/// Something in a tree that was not looked at, and why.
package struct TreeProblem: Sendable, Hashable {
    /// Why a file was passed over.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        /// It is over the limit of bytes.
        case tooLarge = "too_large"
        /// It may not be opened or read.
        case unreadable
        /// It is an archive that is damaged, cut off, or packed in a way that is not known.
        case broken = "broken_archive"
        /// It is an archive out of which far more comes than went in.
        case bomb = "archive_bomb"
        /// It is an archive that took too long.
        case tooSlow = "too_slow"
        /// It lies encrypted in an archive.
        case encrypted
        /// It holds a zero byte early on, so it is no text.
        case binary
        /// It is a symbolic link; what it names is scanned where it lies.
        case symbolicLink = "symbolic_link"
        /// It is a FIFO, a socket or a device.
        case special
        /// It lies deeper than the limit, in directories or in archives.
        case tooDeep = "too_deep"
        /// Its directory or archive has more entries than the limit.
        case tooMany = "too_many"

        /// Whether a person may have wanted it to be looked at, so that the report names it.
        package var isNotable: Bool { self != .binary && self != .symbolicLink }
    }

    /// The path, as it is shown.
    package var path: String
    /// Why it was passed over.
    package var kind: Kind
    /// More about it, for a person; may be empty.
    package var detail: String
}
