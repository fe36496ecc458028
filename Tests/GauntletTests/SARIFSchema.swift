import CupelCore
import Foundation
import OrderedCollections

/// The constraints of the published schema of SARIF 2.1.0 on what a report holds: for each object the members that there
/// are (all others are refused, as `additionalProperties: false` does), which are required, and what they hold.
enum SARIFSchema {
    /// What a member holds.
    indirect enum Shape: Sendable {
        case text
        case uri
        case uriReference
        case flag
        case whole(least: Int)
        case choice([String])
        case list(Shape)
        case object(String)
        /// A mapping whose names are free.
        case mapping(Shape)
        case any
    }

    private struct Kind: Sendable {
        var required: [String] = []
        var members: [String: Shape]
    }

    private static let levels: Shape = .choice(["none", "note", "warning", "error"])

    private static let kinds: [String: Kind] = [
        "log": Kind(
            required: ["version", "runs"],
            members: [
                "$schema": .uri, "version": .choice(["2.1.0"]), "runs": .list(.object("run")), "properties": .any,
            ]
        ),
        "run": Kind(
            required: ["tool"],
            members: [
                "tool": .object("tool"), "invocations": .list(.object("invocation")),
                "results": .list(.object("result")),
                "columnKind": .choice(["utf16CodeUnits", "unicodeCodePoints"]), "properties": .mapping(.any),
                "originalUriBaseIds": .mapping(.object("artifactLocation")), "artifacts": .any,
                "automationDetails": .any, "language": .text,
            ]
        ),
        "tool": Kind(required: ["driver"], members: ["driver": .object("toolComponent"), "extensions": .any]),
        "toolComponent": Kind(
            required: ["name"],
            members: [
                "name": .text, "version": .text, "semanticVersion": .text, "informationUri": .uri,
                "rules": .list(.object("reportingDescriptor")), "notifications": .list(.object("reportingDescriptor")),
                "properties": .mapping(.any), "fullName": .text, "organization": .text,
            ]
        ),
        "reportingDescriptor": Kind(
            required: ["id"],
            members: [
                "id": .text, "name": .text, "shortDescription": .object("multiformatMessageString"),
                "fullDescription": .object("multiformatMessageString"), "help": .object("multiformatMessageString"),
                "helpUri": .uri, "defaultConfiguration": .object("reportingConfiguration"),
                "properties": .mapping(.any),
            ]
        ),
        "multiformatMessageString": Kind(required: ["text"], members: ["text": .text, "markdown": .text]),
        "reportingConfiguration": Kind(
            members: ["enabled": .flag, "level": levels, "rank": .any, "parameters": .any]
        ),
        "invocation": Kind(
            required: ["executionSuccessful"],
            members: [
                "executionSuccessful": .flag, "toolExecutionNotifications": .list(.object("notification")),
                "startTimeUtc": .text, "endTimeUtc": .text, "exitCode": .any, "properties": .mapping(.any),
            ]
        ),
        "notification": Kind(
            required: ["message"],
            members: [
                "message": .object("message"), "level": levels, "locations": .list(.object("location")),
                "descriptor": .any, "properties": .mapping(.any),
            ]
        ),
        "message": Kind(members: ["text": .text, "markdown": .text, "id": .text, "arguments": .list(.text)]),
        "result": Kind(
            required: ["message"],
            members: [
                "ruleId": .text, "ruleIndex": .whole(least: -1), "level": levels, "message": .object("message"),
                "kind": .choice(["notApplicable", "pass", "fail", "review", "open", "informational"]),
                "locations": .list(.object("location")), "partialFingerprints": .mapping(.text),
                "fingerprints": .mapping(.text), "suppressions": .any, "properties": .mapping(.any),
            ]
        ),
        "location": Kind(
            members: [
                "id": .whole(least: -1), "physicalLocation": .object("physicalLocation"), "message": .object("message"),
            ]
        ),
        "physicalLocation": Kind(
            members: [
                "artifactLocation": .object("artifactLocation"), "region": .object("region"),
                "contextRegion": .object("region"),
            ]
        ),
        "artifactLocation": Kind(
            members: [
                "uri": .uriReference, "uriBaseId": .text, "index": .whole(least: -1), "description": .object("message"),
            ]
        ),
        "region": Kind(
            members: [
                "startLine": .whole(least: 1), "startColumn": .whole(least: 1), "endLine": .whole(least: 1),
                "endColumn": .whole(least: 1), "charOffset": .whole(least: -1), "charLength": .whole(least: 0),
                "snippet": .object("artifactContent"), "message": .object("message"),
            ]
        ),
        "artifactContent": Kind(members: ["text": .text, "binary": .text, "rendered": .any]),
    ]

    /// What is wrong with a report, by the path of its member.
    static func problems(_ report: JSON) -> [String] {
        var problems: [String] = []
        check(report, .object("log"), "$", &problems)
        for (number, run) in (report["runs"]?.arrayValue ?? []).enumerated() { checkIndices(run, number, &problems) }
        return problems
    }

    private static func check(_ value: JSON, _ shape: Shape, _ path: String, _ problems: inout [String]) {
        switch shape {
        case .any: break
        case .text: if value.stringValue == nil { problems.append("\(path): no text") }
        case .flag: if value.boolValue == nil { problems.append("\(path): no boolean") }
        case .uri, .uriReference: checkURI(value, shape, path, &problems)
        case .whole(let least):
            guard let number = value.intValue else { return problems.append("\(path): no whole number") }
            if number < least { problems.append("\(path): \(number) is less than \(least)") }
        case .choice(let words):
            if !words.contains(value.stringValue ?? "") { problems.append("\(path): none of \(words)") }
        case .list(let shape):
            guard let items = value.arrayValue else { return problems.append("\(path): no list") }
            for (index, item) in items.enumerated() { check(item, shape, "\(path)[\(index)]", &problems) }
        case .mapping(let shape):
            guard let members = value.objectValue else { return problems.append("\(path): no object") }
            for (name, member) in members { check(member, shape, "\(path).\(name)", &problems) }
        case .object(let name):
            guard let members = value.objectValue, let kind = kinds[name] else {
                return problems.append("\(path): no \(name)")
            }
            for required in kind.required where members[required] == nil { problems.append("\(path): no \(required)") }
            for (member, value) in members {
                guard let shape = kind.members[member] else {
                    problems.append("\(path).\(member): \(name) has no such member")
                    continue
                }
                check(value, shape, "\(path).\(member)", &problems)
            }
        }
    }

    /// RFC 3986 by its characters, for a reference; an absolute URI has a scheme besides.
    private static func checkURI(_ value: JSON, _ shape: Shape, _ path: String, _ problems: inout [String]) {
        guard let text = value.stringValue else { return problems.append("\(path): no text") }
        let pattern = #"^([A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$"#
        if text.range(of: pattern, options: .regularExpression) == nil {
            problems.append("\(path): '\(text)' is no URI")
        }
        let hasScheme = text.range(of: #"^[A-Za-z][A-Za-z0-9+.\-]*:"#, options: .regularExpression) != nil
        if case .uri = shape, !hasScheme { problems.append("\(path): '\(text)' has no scheme") }
        // A colon in the first part of a relative reference would read as a scheme (RFC 3986, 4.2).
        if case .uriReference = shape, hasScheme, !text.hasPrefix("file:///") {
            problems.append("\(path): '\(text)' reads as a scheme")
        }
    }

    /// What JSON Schema cannot say: an index names the rule of the same identifier, and regions end behind their start.
    private static func checkIndices(_ run: JSON, _ number: Int, _ problems: inout [String]) {
        let rules = run["tool"]?["driver"]?["rules"]?.arrayValue ?? []
        let names = rules.compactMap { $0["id"]?.stringValue }
        if Set(names).count != names.count { problems.append("$.runs[\(number)]: a rule occurs twice") }
        for (index, result) in (run["results"]?.arrayValue ?? []).enumerated() {
            let path = "$.runs[\(number)].results[\(index)]"
            let rule = result["ruleIndex"]?.intValue ?? -1
            if !rules.indices.contains(rule) || rules[rule]["id"] != result["ruleId"] {
                problems.append("\(path).ruleIndex: \(rule) is not \(result["ruleId"]?.stringValue ?? "")")
            }
            let region = result["locations"]?[0]?["physicalLocation"]?["region"]
            if (region?["endColumn"]?.intValue ?? 0) < (region?["startColumn"]?.intValue ?? 0) {
                problems.append("\(path): the region ends before it begins")
            }
        }
    }
}
