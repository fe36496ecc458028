import Foundation

/// What a rule says of a file: one line a breach.
typealias Rule = @Sendable (SourceFile) -> [String]

/// The house rules, each a pure function, so that each can be shown to bite.
enum Rules {
    /// The floors of the house; an import may only point to a lower one. Storage stands below its neighbours because
    /// they keep things in it, Identity below the engines because they ask who calls.
    static let floors: [String: Int] = [
        "CBytes": 0, "CLicences": 0, "CLinux": 0, "CRE2": 0, "CArchive": 0, "CVectorscan": 0, "CPostgres": 0, "CHiredis": 0,
        "CupelCore": 1,
        "Policy": 2, "Telemetry": 2, "SecretStore": 2, "Storage": 2, "Identity": 3,
        "Sandbox": 4, "Artefacts": 4, "Jobs": 4, "Gauntlet": 4, "Gateway": 4,
        "Playbooks": 5, "CupelServer": 6, "cupel": 7, "CupelTesting": 8,
    ]

    static let maximumFileLines = 600
    static let maximumFunctionLines = 70

    /// Imports point down.
    static let imports: Rule = { file in
        guard let target = file.target, let own = floors[target] else { return [] }
        return file.lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let at = words.firstIndex(of: "import"), at <= 1, let module = words.last.map(String.init),
                let floor = floors[module], floor >= own
            else { return nil }
            return "\(file.path): \(target) may not import \(module)"
        }
    }

    /// No file is too long to read.
    static let fileLength: Rule = { file in
        file.lines.count > maximumFileLines ? ["\(file.path): \(file.lines.count) lines, over \(maximumFileLines)"] : []
    }

    /// No function is too long to hold in mind.
    static let functionLength: Rule = { file in
        functions(in: file).filter { $0.length > maximumFunctionLines }.map {
            "\(file.path):\($0.line): \($0.length) lines, over \(maximumFunctionLines)"
        }
    }

    /// Calls that end the process, hide an error, or write where only the command line may.
    static let bannedCalls: Rule = { file in
        guard file.path.hasPrefix("Sources/") else { return [] }
        let banned: [(String, String)] = [
            (#"\btry!"#, "try! turns an error into a crash"), (#"\bfatalError\("#, "fatalError ends the process"),
            (#"(^|[^.\w])print\("#, "print is for the command line"), (#"\bTODO\b|\bFIXME\b"#, "finish it or file it"),
        ]
        return file.lines.enumerated().flatMap { number, line in
            banned.filter { line.range(of: $0.0, options: .regularExpression) != nil }
                .filter { !($0.1.hasPrefix("print") && file.target == "cupel") }
                .map { "\(file.path):\(number + 1): \($0.1)" }
        }
    }

    /// What others see has a sentence that says what it is.
    static let documentation: Rule = { file in
        guard file.path.hasPrefix("Sources/"), file.target != "cupel" else { return [] }
        let declaration =
            #"^\s*(package|public) (static |final |mutating |nonisolated |convenience )*(struct|class|actor|enum|protocol|func|typealias) "#
        let lines = file.lines
        return lines.indices.compactMap { index in
            guard lines[index].range(of: declaration, options: .regularExpression) != nil else { return nil }
            var above = index - 1
            while above >= 0, lines[above].trimmingPrefix(while: \.isWhitespace).hasPrefix("@") { above -= 1 }
            if above >= 0, lines[above].trimmingPrefix(while: \.isWhitespace).hasPrefix("///") { return nil }
            if isWitness(lines[index]) { return nil }
            return "\(file.path):\(index + 1): has no doc comment"
        }
    }

    /// Nothing speaks of the machine it was written on.
    static let machines: Rule = { file in
        let private_ = ["/" + "work/", "/" + "farm/", ".." + "/shared"]
        return file.lines.enumerated().flatMap { number, line in
            private_.filter { line.contains($0) }.map { "\(file.path):\(number + 1): names \($0)" }
        }
    }

    /// File names say what is inside.
    static let names: Rule = { file in
        let name = file.path.split(separator: "/").last.map(String.init) ?? ""
        let vague = ["Utils", "Helpers", "Common.swift", "Manager", "Misc"]
        return vague.filter { name.contains($0) }.map { "\(file.path): '\($0)' says nothing" }
    }

    /// Metadata keys come from the one list.
    static let logKeys: Rule = { file in
        guard file.path.hasPrefix("Sources/"), file.target != "Telemetry" else { return [] }
        return file.lines.enumerated().filter { $0.element.contains("metadata: [\"") }.map {
            "\(file.path):\($0.offset + 1): log keys come from LogKey"
        }
    }

    /// Names that a protocol of the standard library or of a dependency gives, and which its documentation explains.
    private static func isWitness(_ line: Substring) -> Bool {
        let names = [
            "func ==", "func <", "func hash(", "func encode(", "func run()", "func log(", "func make", "func destroy",
            "func append", "func sleep(", "func read<", "func write<", "func check()", "func close()", "func secret(",
        ]
        if names.contains(where: { line.contains($0) }) { return true }
        guard let name = functionName(line) else { return false }
        return requirements.contains(name)
    }

    private static func functionName(_ line: Substring) -> String? {
        guard let range = line.range(of: "func ") else { return nil }
        let name = line[range.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return name.isEmpty ? nil : String(name)
    }

    /// Functions that a protocol of ours asks for; it has their documentation, or the rule bites there.
    private static let requirements: Set<String> = {
        var found: Set<String> = []
        for file in SourceTree.swiftFiles(below: "Sources") {
            var isInProtocol = false
            for line in file.lines {
                if line.hasPrefix("package protocol ") { isInProtocol = true }
                if line == "}" { isInProtocol = false }
                if isInProtocol, let name = functionName(line) { found.insert(name) }
            }
        }
        return found
    }()

    /// Functions with their first line and length, by indentation: the formatter keeps it honest.
    private static func functions(in file: SourceFile) -> [(line: Int, length: Int)] {
        let lines = file.lines
        var found: [(Int, Int)] = []
        for (start, line) in lines.enumerated() {
            guard line.range(of: #"^\s*([a-z@]+(\([a-z]+\))? )*(func|init)\b"#, options: .regularExpression) != nil
            else {
                continue
            }
            let indentation = line.prefix { $0 == " " }
            let end = lines[start...].firstIndex { $0 == indentation + "}" }
            let next = lines[(start + 1)...].firstIndex { $0.hasPrefix(indentation) && $0.contains("func ") }
            if let end, next.map({ end < $0 }) ?? true { found.append((start + 1, end - start + 1)) }
        }
        return found
    }
}

extension Substring {
    fileprivate func trimmingPrefix(while isDropped: (Character) -> Bool) -> Substring { drop(while: isDropped) }
}
