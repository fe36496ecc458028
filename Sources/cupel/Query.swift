import Foundation

/// Paths with what a person typed in them.
enum Query {
    /// A path with the parameters that have a value.
    static func path(_ path: String, _ parameters: [(String, String?)]) -> String {
        let given = parameters.compactMap { name, value in value.map { "\(name)=\(escaped($0))" } }
        return given.isEmpty ? path : path + "?" + given.joined(separator: "&")
    }

    /// A text as one part of a path or query.
    static func escaped(_ text: String) -> String {
        let plain = CharacterSet(charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: plain) ?? ""
    }
}
