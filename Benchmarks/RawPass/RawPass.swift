import CupelCore
import Foundation
import Gauntlet
import Glibc

/// The pass of the gauntlet's engine alone over the files of a tree, on one thread: the floor under a scan.
///
/// Usage: `RawPass TREE`. Prints the bytes and the processor seconds of the pass as JSON; reading is not counted.
@main
enum RawPass {
    /// Bytes of one file that are read, at most.
    private static let maximumFile = 16 << 20

    static func main() throws {
        guard CommandLine.arguments.count == 2 else {
            throw CupelError(.validationError, "Usage: RawPass TREE")
        }
        let engine = try GauntletEngine.make(cacheDirectory: nil)
        var bytes = 0
        var candidates = 0
        var nanoseconds = 0
        for path in files(below: CommandLine.arguments[1]) {
            guard let text = try? BoundedFile.bytes(at: path, limit: maximumFile), !text.prefix(8192).contains(0) else {
                continue
            }
            let start = threadTime()
            candidates += engine.pass(over: text)
            nanoseconds += threadTime() - start
            bytes += text.count
        }
        let result: JSON = [
            "bytes": .integer(Int64(bytes)), "candidates": .integer(Int64(candidates)),
            "cpu_s": .number(Double(nanoseconds) / 1e9),
        ]
        FileHandle.standardOutput.write(Data((result.text() + "\n").utf8))
    }

    /// Plain files, in the order the file system has them.
    private static func files(below root: String) -> [String] {
        var found: [String] = []
        var waiting = [root]
        while let directory = waiting.popLast() {
            guard let stream = opendir(directory) else { continue }
            defer { closedir(stream) }
            while let entry = readdir(stream) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                    String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
                }
                guard name != ".", name != ".." else { continue }
                let path = directory + "/" + name
                if entry.pointee.d_type == UInt8(DT_DIR) { waiting.append(path) }
                if entry.pointee.d_type == UInt8(DT_REG) { found.append(path) }
            }
        }
        return found
    }

    private static func threadTime() -> Int {
        var now = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now)
        return now.tv_sec * 1_000_000_000 + now.tv_nsec
    }
}
