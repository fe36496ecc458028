import CupelCore

/// What git prints, read by line, by field or by count, without ever holding more than a part.
struct GitStream {
    let child: ChildProcess
    private var buffer: [UInt8] = []
    private var at = 0

    init(_ child: ChildProcess) { self.child = child }

    /// What stands before the next separator, of which only the first bytes are kept; `nil` at the end.
    mutating func next(until separator: UInt8, keeping limit: Int) async throws -> [UInt8]? {
        var result: [UInt8] = []
        while true {
            if let end = buffer[at...].firstIndex(of: separator) {
                result += buffer[at..<end].prefix(limit - result.count)
                at = end + 1
                return result
            }
            result += buffer[at...].prefix(limit - result.count)
            guard try await refill() else { return result.isEmpty ? nil : result }
        }
    }

    /// So many bytes, of which only the first are kept.
    /// - Throws: `tool_failed` when there are fewer.
    mutating func bytes(_ count: Int, keeping limit: Int) async throws -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(min(count, limit))
        var left = count
        while left > 0 {
            if at == buffer.count, try await !refill() {
                throw CupelError(.toolFailed, "git ended early: \(GitRepository.words(child.errorTail))")
            }
            let part = buffer[at..<min(buffer.count, at + left)]
            result += part.prefix(limit - result.count)
            at += part.count
            left -= part.count
        }
        return result
    }

    /// Waits for git's end.
    /// - Throws: `tool_failed` when it did not do what it was asked.
    func finish(_ task: String) async throws {
        let ending = await child.waitForEnd()
        guard ending.isSuccess else {
            throw CupelError(.toolFailed, "git \(task) failed: \(GitRepository.words(child.errorTail))")
        }
    }

    private mutating func refill() async throws -> Bool {
        guard let next = try await child.nextBytes() else {
            (buffer, at) = ([], 0)
            return false
        }
        (buffer, at) = (next, 0)
        return true
    }
}
