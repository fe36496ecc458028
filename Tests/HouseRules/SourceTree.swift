import Foundation

/// The files of this repository, as its rules read them.
struct SourceFile: Sendable {
    /// The path from the root, as `Sources/Jobs/Job.swift`.
    var path: String
    var text: String

    var lines: [Substring] { text.split(separator: "\n", omittingEmptySubsequences: false) }

    /// The target that a source belongs to.
    var target: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
}

/// Reads the tree.
enum SourceTree {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// Every Swift file below a folder.
    static func swiftFiles(below folder: String) -> [SourceFile] {
        files(below: folder).filter { $0.path.hasSuffix(".swift") }
    }

    /// Every readable text file that the repository holds, build products and data aside.
    static func files(below folder: String) -> [SourceFile] {
        let base = folder.isEmpty ? root : root + "/" + folder
        let ignored = [".build", ".git", ".cupel", "coverage", ".swiftpm", "__pycache__"]
        guard let walk = FileManager.default.enumerator(atPath: base) else { return [] }
        return walk.compactMap { entry -> SourceFile? in
            guard let name = entry as? String else { return nil }
            let parts = name.split(separator: "/").map(String.init)
            if parts.contains(where: ignored.contains) { return nil }
            guard let text = try? String(contentsOfFile: base + "/" + name, encoding: .utf8) else { return nil }
            return SourceFile(path: folder.isEmpty ? name : folder + "/" + name, text: text)
        }
    }
}
