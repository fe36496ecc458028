package import CupelCore
import Glibc
package import Logging

/// How log lines look.
package enum LogFormat: String, CaseIterable, Sendable {
    /// For a person: time, level, message, keys.
    case text
    /// For machines: one JSON object a line.
    case json
}

/// Writes redacted log lines to a descriptor, one `write` a line.
package struct CupelLogHandler: LogHandler {
    private let label: String
    private let format: LogFormat
    private let descriptor: Int32
    private let time: any TimeSource

    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?

    /// The longest line, in bytes; what is over it is cut and said so.
    package static let maximumLineBytes = 16 << 10

    /// A handler that writes to standard error unless told otherwise.
    package init(
        label: String,
        format: LogFormat,
        level: Logger.Level,
        descriptor: Int32 = STDERR_FILENO,
        time: any TimeSource = SystemTime()
    ) {
        self.label = label
        self.format = format
        self.descriptor = descriptor
        self.time = time
        logLevel = level
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let extra = event.metadata ?? [:]
        let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(extra) { $1 }
        let fields = all.sorted { $0.key < $1.key }.map { ($0.key, "\($0.value)") }
        let line = format == .json ? json(event, fields) : text(event, fields)
        write(Redactor.shared.redact(line))
    }

    private func text(_ event: LogEvent, _ fields: [(String, String)]) -> String {
        let level = "\(event.level)".uppercased()
        let pairs = fields.map { " \($0.0)=\(Self.oneLine($0.1))" }.joined()
        let padding = String(repeating: " ", count: max(0, 8 - level.utf8.count))
        return "\(time.now) \(level)\(padding) \(Self.oneLine("\(event.message)"))\(pairs)"
    }

    private func json(_ event: LogEvent, _ fields: [(String, String)]) -> String {
        var object: JSON = [
            "time": .string(time.now.description), "level": .string("\(event.level)"), "logger": .string(label),
            "message": .string("\(event.message)"),
        ]
        for (key, value) in fields where object[key] == nil { object[key] = .string(value) }
        return object.text()
    }

    /// Line breaks and control characters from outside must not forge lines.
    private static func oneLine(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return text }
        return JSON.string(text).text()
    }

    private func write(_ line: String) {
        var bytes = Array(line.utf8)
        if bytes.count > Self.maximumLineBytes {
            bytes = Array(String(decoding: bytes[..<Self.maximumLineBytes], as: UTF8.self).utf8) + Array(" [cut]".utf8)
        }
        bytes.append(0x0A)
        _ = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
    }
}
