import CupelCore
import Mustache
import OrderedCollections

/// The dashboard's pages: Mustache templates in this binary, filled with escaped values.
struct Pages: Sendable {
    private let library: MustacheLibrary

    /// Compiles the templates.
    /// - Throws: `internal_error` when a template is broken.
    init() throws {
        let sources = [
            "layout": PackageResources.layout_mustache, "login": PackageResources.login_mustache,
            "overview": PackageResources.overview_mustache, "playbook": PackageResources.playbook_mustache,
            "documentation": PackageResources.documentation_mustache, "jobs": PackageResources.jobs_mustache,
            "jobs-live": PackageResources.jobs_live_mustache, "gateway": PackageResources.gateway_mustache,
            "gateway-live": PackageResources.gateway_live_mustache, "gauntlet": PackageResources.gauntlet_mustache,
            "gauntlet-live": PackageResources.gauntlet_live_mustache, "assay": PackageResources.assay_mustache,
        ]
        var templates: [String: MustacheTemplate] = [:]
        for (name, bytes) in sources {
            do {
                templates[name] = try MustacheTemplate(string: String(decoding: bytes, as: UTF8.self))
            } catch {
                throw CupelError(.internalError, "The template \(name) is broken.", cause: error)
            }
        }
        library = MustacheLibrary(templates: templates)
    }

    /// The page that takes the token.
    func login(problem: String?) throws -> String {
        try page("Sign in", "login", ["problem": problem.map { .string($0) } ?? .null], isSignedIn: false)
    }

    /// A template inside the layout.
    func page(_ title: String, _ template: String, _ values: JSON, isSignedIn: Bool = true) throws -> String {
        let content = try part(template, values)
        let frame: [String: Any] = [
            "title": title, "content": content, "version": Version.current, "signedIn": isSignedIn,
        ]
        return library.render(frame, withTemplate: "layout") ?? ""
    }

    /// A template by itself.
    func part(_ template: String, _ values: JSON) throws -> String {
        guard let content = library.render(values.templateValue ?? false, withTemplate: template) else {
            throw CupelError(.internalError, "There is no template \(template).")
        }
        return content
    }

    /// The API, to read and try, from its own document.
    func documentation(_ document: JSON) throws -> String {
        var groups: [(tag: String, operations: [JSON])] = []
        for (path, operations) in document["paths"]?.members ?? [] {
            for (method, operation) in operations.members {
                let tag = operation["tags"]?[0]?.stringValue ?? ""
                let entry = Self.entry(path, method, operation)
                if let index = groups.firstIndex(where: { $0.tag == tag }) {
                    groups[index].operations.append(entry)
                } else {
                    groups.append((tag, [entry]))
                }
            }
        }
        let values: JSON = [
            "groups": .array(groups.map { ["tag": .string($0.tag), "operations": .array($0.operations)] })
        ]
        return try page("API", "documentation", values)
    }

    private static func entry(_ path: String, _ method: String, _ operation: JSON) -> JSON {
        let parameters = (operation["parameters"]?.arrayValue ?? []).map { parameter -> JSON in
            [
                "name": parameter["name"] ?? "", "place": parameter["in"] ?? "",
                "summary": parameter["description"] ?? "",
            ]
        }
        let schema = operation["requestBody"]?["content"]?["application/json"]?["schema"]
        let example = schema.map { schema in
            (schema["properties"]?.members ?? []).reduce(into: JSON.object([:])) { $0[$1.0] = "" }.text(.pretty)
        }
        return [
            "method": .string(method.uppercased()), "path": .string(path), "summary": operation["summary"] ?? "",
            "parameters": .array(parameters), "body": example.map { .string($0) } ?? .null,
        ]
    }
}

extension JSON {
    /// The members of an object in their order.
    var members: [(String, JSON)] {
        guard case .object(let members) = self else { return [] }
        return members.keys.compactMap { key in self[key].map { (key, $0) } }
    }

    /// The value as templates read it: null and empty lists are false.
    var templateValue: Any? {
        switch self {
        case .null: nil
        case .bool(let value): value
        case .integer(let value): String(value)
        case .number(let value): String(value)
        case .string(let value): value
        case .array(let values): values.map { $0.templateValue ?? false }
        case .object: Dictionary(members.map { ($0.0, $0.1.templateValue ?? false) }) { $1 }
        }
    }
}
