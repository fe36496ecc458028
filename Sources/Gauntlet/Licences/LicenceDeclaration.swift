/// Puts together what files say: the expression of one file, and what a tree declares.
package enum LicenceDeclaration {
    /// The expression of one file: everything it is under, each licence once; `nil` when it says nothing.
    package static func ofFile(_ matches: [LicenceMatch]) -> LicenceExpression? {
        LicenceExpression.joining(matches.map(\.expression))
    }

    /// What a tree declares: its top-most licence files and manifests; `nil` when it declares nothing.
    ///
    /// Several licence texts of which the manifest lets one choose (`MIT OR Apache-2.0`) are a choice.
    /// - Parameter files: The files of the tree, by path relative to its root, with what each says.
    package static func ofTree(_ files: [(path: String, matches: [LicenceMatch])]) -> LicenceExpression? {
        let depth = { (path: String) in path.utf8.count(where: { $0 == UInt8(ascii: "/") }) }
        let declaring = files.filter { file in
            !file.matches.isEmpty
                && (LicenceTriggers.isLicenceFile(file.path) || file.matches.contains { $0.kind == .manifest })
        }
        guard let top = declaring.map({ depth($0.path) }).min() else { return nil }
        let highest = declaring.filter { depth($0.path) == top }
        let manifests = highest.flatMap { $0.matches.filter { $0.kind == .manifest } }.map(\.expression)
        let texts = highest.filter { LicenceTriggers.isLicenceFile($0.path) }.flatMap(\.matches).map(\.expression)
        guard let declared = LicenceExpression.joining(manifests) else { return LicenceExpression.joining(texts) }
        let more = texts.filter { !$0.identifiers.isSubset(of: declared.identifiers) }
        return LicenceExpression.joining([declared] + more)
    }
}
