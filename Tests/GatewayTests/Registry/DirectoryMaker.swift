import Foundation

/// Makes directories for tests that keep files, and removes them.
enum DirectoryMaker {
    static func make(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
