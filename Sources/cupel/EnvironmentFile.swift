import CupelCore
import Foundation

/// A `.env` file: NAME=value lines, comments after #, quotes around a value dropped.
enum EnvironmentFile {
    /// Reads the variables of a file.
    static func read(_ path: String) throws -> [String: String] {
        var values: [String: String] = [:]
        let lines = try BoundedFile.text(at: path, limit: 1 << 20).split(
            separator: "\n",
            omittingEmptySubsequences: false
        )
        for (number, line) in lines.enumerated() {
            let text = line.trimmingCharacters(in: .whitespaces)
            guard !text.isEmpty, !text.hasPrefix("#") else { continue }
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else {
                throw CupelError(.configurationInvalid, "\(path):\(number + 1): NAME=value is expected.")
            }
            let name = parts[0].replacing("export ", with: "").trimmingCharacters(in: .whitespaces)
            values[name] = parts[1].trimmingCharacters(in: .whitespaces).trimmingCharacters(
                in: CharacterSet(charactersIn: "\"'")
            )
        }
        return values
    }
}
