import CHiredis

/// One command with its arguments, which may hold any bytes.
package struct RedisCommand: Sendable {
    /// The name and the arguments, in order.
    package let words: [[UInt8]]

    /// A command from its name and its arguments.
    package init(_ name: String, _ arguments: any RedisArgument...) {
        words = [Array(name.utf8)] + arguments.map(\.redisBytes)
    }

    /// A command from a name and a list of arguments.
    package init(_ name: String, arguments: [any RedisArgument]) {
        words = [Array(name.utf8)] + arguments.map(\.redisBytes)
    }

    /// Bytes of name and arguments together.
    var byteCount: Int { words.reduce(0) { $0 + $1.count } }

    /// Adds the command to a batch, in the form that goes over the wire.
    func append(to batch: inout [UInt8]) {
        var lengths = words.map(\.count)
        var flat: [UInt8] = []
        flat.reserveCapacity(byteCount + 1)
        for word in words { flat += word }
        // An empty buffer has no address; the byte is behind what the lengths cover.
        flat.append(0)
        flat.withUnsafeBytes { raw in
            var offset = 0
            var pointers: [UnsafePointer<CChar>?] = words.map { word in
                defer { offset += word.count }
                return raw.baseAddress?.advanced(by: offset).assumingMemoryBound(to: CChar.self)
            }
            var formatted: UnsafeMutablePointer<CChar>?
            let length = redisFormatCommandArgv(&formatted, Int32(words.count), &pointers, &lengths)
            guard let formatted, length > 0 else { return }
            batch += UnsafeRawBufferPointer(start: formatted, count: Int(length))
            redisFreeCommand(formatted)
        }
    }
}

/// What can be an argument of a command.
package protocol RedisArgument: Sendable {
    /// The argument as it is sent.
    var redisBytes: [UInt8] { get }
}

extension String: RedisArgument {
    package var redisBytes: [UInt8] { Array(utf8) }
}

extension Int: RedisArgument {
    package var redisBytes: [UInt8] { Array(String(self).utf8) }
}

extension Int64: RedisArgument {
    package var redisBytes: [UInt8] { Array(String(self).utf8) }
}

extension [UInt8]: RedisArgument {
    package var redisBytes: [UInt8] { self }
}
