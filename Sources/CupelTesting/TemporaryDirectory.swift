// CupelTesting: clocks, fixtures, a PostgreSQL of the tests' own, a server harness and conformance suites.
// Only tests import it.

import CupelCore
import Foundation

/// A directory of one test, removed with this object.
package final class TemporaryDirectory: Sendable {
    /// Its path, without a slash at the end.
    package let path: String

    /// Makes an empty directory.
    package init() throws {
        path =
            NSTemporaryDirectory().hasSuffix("/")
            ? NSTemporaryDirectory() + "cupel-test-\(Identifier<TemporaryDirectory>())"
            : NSTemporaryDirectory() + "/cupel-test-\(Identifier<TemporaryDirectory>())"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Writes a file below the directory, making folders on the way, and gives its path.
    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        let target = path + "/" + name
        let folder = (target as NSString).deletingLastPathComponent
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try BoundedFile.replace(target, with: Array(text.utf8))
        return target
    }
}
