import Foundation
import Gauntlet
import Testing

/// Texts of licences for tests: notices are joined at run time, so that this file is under none of them.
enum LicenceFixture {
    static func scanner() throws -> LicenceScanner { try #require(LicenceScanner.builtIn) }

    static func index() throws -> LicenceIndex { try #require(LicenceIndex.builtIn) }

    static func matches(_ text: String, path: String = "notes.txt") throws -> [LicenceMatch] {
        let scanner = try scanner()
        return Array(text.utf8).withUnsafeBytes { scanner.look(text: $0, path: path) }
    }

    /// The expression of a text, or an empty string.
    static func expression(_ text: String, path: String = "notes.txt") throws -> String {
        LicenceDeclaration.ofFile(try matches(text, path: path))?.description ?? ""
    }

    /// A text with the letters of the licence for `GNU`.
    static func named(_ text: String) -> String { text.replacing("GNU", with: "G" + "PL") }

    static let gnu = "GNU " + "General " + "Public License"
    static let affero = "GNU " + "Affero General " + "Public License"

    /// The usual notice of a GNU licence.
    static func gnuNotice(_ name: String, _ version: String, later: Bool) -> String {
        let words = [
            "This program is", "free software:", "you can", "redistribute it", "and/or", "modify it",
            "under the terms of",
            "the \(name)", "as published by", "the Free Software", "Foundation,",
            later
                ? "either version \(version) of the License, or (at your option) any later version."
                : "version \(version).",
            "\n\nThis program", "is distributed in", "the hope that", "it will be useful,", "but WITHOUT",
            "ANY WARRANTY;",
            "without even", "the implied warranty", "of MERCHANTABILITY", "or FITNESS FOR", "A PARTICULAR PURPOSE.",
            "See the \(name)", "for more details.",
        ]
        return words.joined(separator: " ")
    }

    /// What this repository is under, as it stands in its LICENSE.
    static func ownLicence() throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try String(contentsOfFile: "/" + root + "/LICENSE", encoding: .utf8)
    }
}
