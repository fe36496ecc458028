import Glibc

/// Looks at the members of one archive as at files, and at archives among them.
struct ArchiveScan {
    /// Members up to this are held whole when they are archives, so that reading may jump in them.
    private static let heldBytes = 8 << 20
    /// Bytes of a member that say what it is.
    private static let probe = 8192
    /// Code points of a member's name that are shown.
    private static let shownName = 300

    private let scan: ContentScan
    private let budget: ArchiveBudget

    init(_ scan: ContentScan, packed: Int) {
        self.scan = scan
        let sink = scan.sink
        budget = ArchiveBudget(
            scan.options.archives,
            packed: packed,
            time: scan.engine.time,
            isCancelled: { sink.isCancelled }
        )
    }

    /// Goes through an archive; what is in the way is reported.
    func run(_ origin: ArchiveInput.Origin, shown: String) {
        run(origin, shown: shown, depth: 1)
        if let stop = budget.stop { note(shown, stop.kind, stop.detail) }
    }

    private func run(_ origin: ArchiveInput.Origin, shown: String, depth: Int) {
        let deepest = budget.limits.depth
        guard depth <= deepest else { return note(shown, .tooDeep, "more than \(deepest) archives inside each other") }
        do {
            let reader = try ArchiveReader(ArchiveInput(origin, budget: budget))
            guard depth + max(0, reader.layers - 1) <= deepest else {
                return note(shown, .tooDeep, "more than \(deepest) compressions around each other")
            }
            var isEmpty = true
            while let member = try reader.next() {
                isEmpty = false
                guard budget.countEntry() else { return }
                try look(at: member, of: reader, in: shown, depth: depth)
                guard budget.stop == nil else { return }
                // A compressed file is its only member; what is left of it says nothing.
                if member.name == nil { return }
                try reader.skip()
            }
            // Zeros at the beginning look like the end of a tar, and hide what is behind them.
            if isEmpty, reader.layers > 0 {
                note(shown, .broken, "it seems to hold nothing; what it holds was not looked at")
            }
        } catch {
            // The budget's end shows itself as a read that failed; it is reported once, for the outermost.
            if budget.stop == nil { note(shown, .broken, error.detail) }
        }
    }

    private func look(
        at member: ArchiveReader.Member,
        of reader: ArchiveReader,
        in archive: String,
        depth: Int
    ) throws(ArchiveReader.Failure) {
        let name = archive + "!/" + (member.name.map(Self.shown) ?? Self.nameInside(archive))
        switch member.type {
        case S_IFDIR: return
        case S_IFLNK: return note(name, .symbolicLink, "")
        case S_IFREG, 0: break
        default: return note(name, .special, "")
        }
        if member.isEncrypted { return note(name, .encrypted, "it takes a password to look inside") }
        var bytes: [UInt8] = []
        var failed = reader.read(onto: &bytes, upTo: Self.probe)
        if ArchiveKind.isOne(bytes) {
            if !failed { failed = holds(member) && reader.read(onto: &bytes, upTo: Self.heldBytes) }
            let isWhole = failed || bytes.count < Self.heldBytes && holds(member)
            run(isWhole ? .bytes(bytes) : .member(reader, head: bytes), shown: name, depth: depth + 1)
        } else if TreeFile.isBinary(bytes) {
            note(name, .binary, "")
        } else {
            let limit = scan.options.maximumFileBytes
            if let size = member.size, size > limit { return note(name, .tooLarge, "\(size) bytes") }
            if !failed { failed = reader.read(onto: &bytes, upTo: limit + 1) }
            if bytes.count > limit { return note(name, .tooLarge, "over \(limit) bytes") }
            // What could be read of a damaged member is looked at all the same.
            if !bytes.isEmpty || !failed { scan.look(at: TreeFile.text(bytes), shown: name) }
        }
        guard failed, budget.stop == nil else { return }
        guard reader.goesOn else { throw reader.failure() }
        note(name, .broken, reader.failure().detail)
    }

    /// Whether a member is small enough to be held; where the archive does not say, that shows when it is read.
    private func holds(_ member: ArchiveReader.Member) -> Bool { member.size.map { $0 < Self.heldBytes } ?? true }

    private func note(_ shown: String, _ kind: TreeProblem.Kind, _ detail: String) {
        scan.sink.note(TreeProblem(path: shown, kind: kind, detail: detail))
    }

    /// A member's name made safe to show, and of bounded length.
    private static func shown(_ name: [UInt8]) -> String {
        let text = TreeFile.shown([name], prefix: "")
        return String(String.UnicodeScalarView(text.unicodeScalars.prefix(shownName)))
    }

    /// The name of what a compressed file holds: `a.log` of `a.log.gz`, `a.tar` of `a.tgz`.
    private static func nameInside(_ archive: String) -> String {
        let name = archive.split(separator: "/").last.map(String.init) ?? archive
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "data" }
        let stem = String(name[..<dot])
        return ["tgz", "tbz", "tbz2", "txz", "tzst"].contains(name[dot...].dropFirst().lowercased())
            ? stem + ".tar" : stem
    }
}
