/// The last part of a path, which is asked for several times of every file of a tree.
enum FileName {
    /// The name in lower case, as far as ASCII goes.
    static func lowered(of path: String) -> String {
        var path = path
        return path.withUTF8 { bytes in
            let start = self.start(in: bytes)
            return String(unsafeUninitializedCapacity: bytes.count - start) { name in
                for at in start..<bytes.count { name[at - start] = ByteClass.lowered(bytes[at]) }
                return bytes.count - start
            }
        }
    }

    /// What stands behind the last dot of a name; `nil` when there is none, or nothing before it.
    static func ending(of name: String) -> String? {
        let bytes = name.utf8
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), dot != bytes.startIndex else { return nil }
        return String(name[bytes.index(after: dot)...])
    }

    /// The offset behind the last slash.
    static func start(in path: UnsafeBufferPointer<UInt8>) -> Int {
        (path.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1
    }
}
