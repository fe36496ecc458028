import CLinux
import CupelCore
import Glibc

/// Hands out the files of a tree one by one. Symbolic links are never followed, so there are no loops and no way out.
///
/// Only the directories between the root and the current one are held, with the names that still wait in them.
struct TreeWalk: ~Copyable {
    /// What the walk comes upon.
    enum Step {
        /// A file to look at, by the parts of its path from the root.
        case file([[UInt8]])
        case problem(TreeProblem)
    }

    private struct Directory {
        var path: [[UInt8]]
        var waiting: [Entry]
        var ignores: IgnoreRules
    }

    private struct Entry {
        var name: [UInt8]
        var type: UInt8
    }

    private let root: Int32
    private let prefix: String
    private let options: TreeOptions
    private var stack: [Directory] = []
    private var problems: [TreeProblem] = []

    /// A walk below an open directory, which the caller closes after it.
    init(root: Int32, prefix: String, options: TreeOptions) {
        self.root = root
        self.prefix = prefix
        self.options = options
        var ignores = IgnoreRules()
        if !options.ignoredPaths.isEmpty { ignores.add(options.ignoredPaths.joined(separator: "\n"), depth: 0) }
        enter([], ignores)
    }

    /// The next file or problem; `nil` when the tree is done.
    mutating func next() -> Step? {
        while true {
            if let problem = problems.popLast() { return .problem(problem) }
            guard let entry = stack.last?.waiting.last, let directory = stack.last else {
                guard !stack.isEmpty else { return nil }
                stack.removeLast()
                continue
            }
            stack[stack.count - 1].waiting.removeLast()
            if let file = visit(entry, in: directory.path, directory.ignores) { return .file(file) }
        }
    }

    private mutating func visit(_ entry: Entry, in parent: [[UInt8]], _ ignores: IgnoreRules) -> [[UInt8]]? {
        let path = parent + [entry.name]
        var type = entry.type
        if type == UInt8(DT_UNKNOWN) { type = typeByStatus(path) }
        let isDirectory = type == UInt8(DT_DIR)
        if (options.respectsIgnoreFiles || !options.ignoredPaths.isEmpty)
            && ignores.ignores(path, isDirectory: isDirectory)
        {
            return nil
        }
        switch type {
        case UInt8(DT_REG): return path
        case UInt8(DT_DIR):
            if entry.name == Array(".git".utf8) { return nil }
            if path.count > options.maximumDepth {
                note(path, .tooDeep, "deeper than \(options.maximumDepth) directories")
            } else {
                enter(path, ignores)
            }
        case UInt8(DT_LNK): note(path, .symbolicLink, "")
        default: note(path, .special, "")
        }
        return nil
    }

    private mutating func enter(_ path: [[UInt8]], _ inherited: IgnoreRules) {
        let descriptor = TreeFile.open(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        guard descriptor >= 0, let stream = fdopendir(descriptor) else {
            note(path, .unreadable, String(cString: strerror(errno)))
            if descriptor >= 0 { close(descriptor) }
            return
        }
        defer { closedir(stream) }
        var entries: [Entry] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name == [0x2E] || name == [0x2E, 0x2E] { continue }
            guard entries.count < options.maximumEntries else {
                note(path, .tooMany, "more than \(options.maximumEntries) entries")
                break
            }
            entries.append(Entry(name: name, type: entry.pointee.d_type))
        }
        // The last is taken first, so that files come in the order of their names.
        entries.sort { $1.name.lexicographicallyPrecedes($0.name) }
        stack.append(Directory(path: path, waiting: entries, ignores: ignoreRules(path, inherited)))
    }

    private func ignoreRules(_ path: [[UInt8]], _ inherited: IgnoreRules) -> IgnoreRules {
        guard options.respectsIgnoreFiles else { return inherited }
        var rules = inherited
        for name in IgnoreRules.fileNames {
            let descriptor = TreeFile.open(root, path + [Array(name.utf8)], O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            guard TreeFile.isRegular(descriptor),
                let bytes = FileBytes.readStream(descriptor, upTo: IgnoreRules.maximumBytes)
            else { continue }
            rules.add(String(decoding: bytes, as: UTF8.self), depth: path.count)
        }
        return rules
    }

    private func typeByStatus(_ path: [[UInt8]]) -> UInt8 {
        let descriptor = TreeFile.open(root, path, TreeFile.nameOnly | O_NOFOLLOW)
        guard descriptor >= 0 else { return UInt8(DT_REG) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return UInt8(DT_REG) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: return UInt8(DT_REG)
        case S_IFDIR: return UInt8(DT_DIR)
        case S_IFLNK: return UInt8(DT_LNK)
        default: return UInt8(DT_FIFO)
        }
    }

    private mutating func note(_ path: [[UInt8]], _ kind: TreeProblem.Kind, _ detail: String) {
        problems.append(TreeProblem(path: shown(path), kind: kind, detail: detail))
    }

    private func shown(_ path: [[UInt8]]) -> String { TreeFile.shown(path, prefix: prefix) }
}
