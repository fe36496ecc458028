import CVectorscan
import CupelCore
import Glibc

/// All patterns in one Vectorscan database, for one pass in block mode.
///
/// End offsets only: start-of-match makes the pass 2.6 times slower and refuses a third of the patterns. No
/// single-match flag: it would report a rule once a scan, and a file may hold several secrets of one kind.
final class PatternDatabase: @unchecked Sendable {  // Vectorscan's databases are immutable once made.
    let pointer: OpaquePointer

    /// The widest match of each pattern in bytes; `nil` where it has no end.
    let widths: [Int?]

    init(_ pointer: OpaquePointer, widths: [Int?]) {
        self.pointer = pointer
        self.widths = widths
    }

    deinit { hs_free_database(pointer) }

    /// Compiles patterns for this machine's processor.
    /// - Throws: ``RefusedPattern`` for the first pattern that Vectorscan does not take.
    static func compile(_ patterns: [String]) throws -> PatternDatabase {
        var database: OpaquePointer?
        var problem: UnsafeMutablePointer<hs_compile_error_t>?
        let status = withCStrings(patterns) { expressions in
            let flags = [UInt32](repeating: 0, count: patterns.count)
            let identifiers = (0..<UInt32(patterns.count)).map { $0 }
            return hs_compile_multi(
                expressions,
                flags,
                identifiers,
                UInt32(patterns.count),
                UInt32(HS_MODE_BLOCK),
                nil,
                &database,
                &problem
            )
        }
        defer { hs_free_compile_error(problem) }
        guard status == HS_SUCCESS, let database else {
            let words = problem.map { String(cString: $0.pointee.message) } ?? "error \(status)"
            let index = problem.map { Int($0.pointee.expression) } ?? -1
            throw RefusedPattern(index: index, words: words)
        }
        return PatternDatabase(database, widths: patterns.map(width))
    }

    /// The widest match of a pattern in bytes; `nil` when it has no end.
    static func width(of pattern: String) -> Int? {
        var info: UnsafeMutablePointer<hs_expr_info_t>?
        var problem: UnsafeMutablePointer<hs_compile_error_t>?
        defer {
            free(info)
            hs_free_compile_error(problem)
        }
        guard hs_expression_info(pattern, 0, &info, &problem) == HS_SUCCESS, let info,
            info.pointee.max_width != UInt32.max
        else { return nil }
        return Int(info.pointee.max_width)
    }

    private static func withCStrings<Result>(
        _ texts: [String],
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> Result
    ) -> Result {
        let copies = texts.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        let pointers = copies.map { UnsafePointer($0) }
        return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
    }
}

/// Vectorscan's refusal of one pattern among many.
struct RefusedPattern: Error {
    let index: Int
    let words: String
}
