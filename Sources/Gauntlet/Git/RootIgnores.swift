import CLinux
import Glibc

/// What a policy and the `.cupelignore` files of a working tree leave out, asked file by file.
///
/// `.gitignore` is not heard: what Git keeps all the same is looked at.
struct RootIgnores: ~Copyable {
    /// Directories whose file is remembered.
    private static let maximumRemembered = 10_000

    private let root: Int32
    private let first: IgnoreRules
    private var known: [[[UInt8]]: IgnoreRules] = [:]

    /// The rules of a tree; without one, those of the policy alone.
    init(top: String?, options: TreeOptions) {
        root = top.map { open($0, O_RDONLY | O_DIRECTORY | O_CLOEXEC) } ?? -1
        var rules = IgnoreRules()
        if !options.ignoredPaths.isEmpty { rules.add(options.ignoredPaths.joined(separator: "\n"), depth: 0) }
        first = rules
    }

    deinit { if root >= 0 { close(root) } }

    /// Whether a file is left out, itself or a directory that it lies in.
    mutating func leavesOut(_ path: [[UInt8]]) -> Bool {
        for count in 1...max(1, path.count) {
            let part = Array(path.prefix(count))
            if rules(of: Array(part.dropLast())).ignores(part, isDirectory: count < path.count) { return true }
        }
        return false
    }

    private mutating func rules(of directory: [[UInt8]]) -> IgnoreRules {
        if let rules = known[directory] { return rules }
        var rules = directory.isEmpty ? first : self.rules(of: Array(directory.dropLast()))
        if root >= 0 {
            let descriptor = TreeFile.open(
                root,
                directory + [Array(".cupelignore".utf8)],
                O_RDONLY | O_NOFOLLOW | O_NONBLOCK
            )
            if descriptor >= 0 {
                defer { close(descriptor) }
                if TreeFile.isRegular(descriptor),
                    let bytes = FileBytes.readStream(descriptor, upTo: IgnoreRules.maximumBytes)
                {
                    rules.add(String(decoding: bytes, as: UTF8.self), depth: directory.count)
                }
            }
        }
        if known.count < Self.maximumRemembered { known[directory] = rules }
        return rules
    }
}
