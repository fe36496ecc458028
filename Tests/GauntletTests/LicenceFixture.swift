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

    static let gnu = "GNU " + "Gen" + "eral Pub" + "lic License"
    static let affero = "GNU " + "Aff" + "ero Gen" + "eral Pub" + "lic License"

    /// The usual notice of a GNU licence.
    static func gnuNotice(_ name: String, _ version: String, later: Bool) -> String {
        // Broken inside its words, since order and not spacing is what a notice is known by.
        let grant =
            "Th_is pro_gram is fr_ee soft_ware: you can re_distribute it and/or mod_ify it under the te_rms of the "
        let release =
            later
            ? "ei_ther ver_sion \(version) of the Li_cense, or (at your op_tion) any la_ter ver_sion."
            : "ver_sion \(version)."
        let hope =
            "Th_is pro_gram is dis_tributed in the ho_pe that it will be use_ful, but WITH_OUT ANY WAR_RANTY; with_out even "
        let fitness = "the im_plied war_ranty of MERCHANT_ABILITY or FIT_NESS FOR A PAR_TICULAR PUR_POSE. See the "
        let text =
            grant + name + " as pub_lished by the Fr_ee Soft_ware Foun_dation, " + release + "\n\n" + hope
            + fitness + name + " for more de_tails."
        return text.replacing("_", with: "")
    }

    /// What this repository is under, as it stands in its LICENSE.
    static func ownLicence() throws -> String {
        let root = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        return try String(contentsOfFile: "/" + root + "/LICENSE", encoding: .utf8)
    }
}
