import Foundation

/// Makes directories for tests that keep files.
enum DirectoryMaker {
    static func make(_ path: String) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
}
