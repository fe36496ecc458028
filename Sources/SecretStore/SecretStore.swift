// SecretStore: where secrets come from: the environment and files here; vaults join them behind the same protocol.

package import CupelCore

/// A place that holds secrets by name.
package protocol SecretProvider: Sendable {
    /// What the place is called in messages.
    var name: String { get }
    /// The secret, or `nil` when this place has none of that name.
    /// - Throws: `storage_unavailable` when the place cannot be asked.
    func secret(named name: String) async throws -> Secret?
}

/// Asks its providers in order; the first that knows a name answers.
package struct SecretStore: Sendable {
    private let providers: [any SecretProvider]

    /// A store over some places, strongest first.
    package init(_ providers: [any SecretProvider]) { self.providers = providers }

    /// The secret, or `nil` when no place knows it.
    /// - Throws: what a provider throws; a place that cannot be asked is not skipped.
    package func secret(named name: String) async throws -> Secret? {
        for provider in providers {
            if let secret = try await provider.secret(named: name), !secret.isEmpty { return secret }
        }
        return nil
    }
}

/// Secrets from environment variables.
package struct EnvironmentSecrets: SecretProvider {
    package let name = "environment"
    private let environment: [String: String]

    /// Secrets of a process's environment.
    package init(_ environment: [String: String]) { self.environment = environment }

    package func secret(named name: String) async throws -> Secret? { environment[name].map { Secret($0) } }
}

/// Secrets from a directory with one file each, as container platforms mount them.
package struct FileSecrets: SecretProvider {
    package let name: String
    private let directory: String

    /// The largest secret, in bytes.
    package static let maximumBytes = 64 << 10

    /// Secrets of a directory.
    package init(directory: String) {
        self.directory = directory
        name = "files in \(directory)"
    }

    package func secret(named name: String) async throws -> Secret? {
        let isPlain = name.utf8.allSatisfy {
            $0 == 0x5F || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
        }
        guard isPlain, !name.isEmpty else { return nil }
        do {
            let text = try BoundedFile.text(at: directory + "/" + name, limit: Self.maximumBytes)
            return Secret(text.hasSuffix("\n") ? String(text.dropLast()) : text)
        } catch let error as CupelError where error.code == .notFound {
            return nil
        }
    }
}
