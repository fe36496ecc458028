extension RulePack {
    /// The rules that come with the binary.
    /// - Throws: `validation_error` naming file and rule, which the tests rule out.
    package static func builtIn() throws -> RulePack {
        var joined = RulePack(release: "2026.11", rules: [])
        for (name, bytes) in packs {
            joined = try joined.adding(RulePack(parsing: bytes, origin: name))
        }
        return joined
    }

    private static let packs: [(String, [UInt8])] = [
        ("secrets-keys.yaml", PackageResources.secrets_keys_yaml),
        ("secrets-cloud.yaml", PackageResources.secrets_cloud_yaml),
        ("secrets-build.yaml", PackageResources.secrets_build_yaml),
        ("secrets-ai.yaml", PackageResources.secrets_ai_yaml),
        ("secrets-chat.yaml", PackageResources.secrets_chat_yaml),
        ("secrets-services.yaml", PackageResources.secrets_services_yaml),
        ("secrets-context.yaml", PackageResources.secrets_context_yaml),
        ("malice-python.yaml", PackageResources.malice_python_yaml),
        ("malice-javascript.yaml", PackageResources.malice_javascript_yaml),
        ("malice-shell.yaml", PackageResources.malice_shell_yaml),
        ("malice-windows.yaml", PackageResources.malice_windows_yaml),
        ("malice-reverse-shells.yaml", PackageResources.malice_reverse_shells_yaml),
        ("malice-theft.yaml", PackageResources.malice_theft_yaml),
        ("malice-automation.yaml", PackageResources.malice_automation_yaml),
        ("malice-attack-tools.yaml", PackageResources.malice_attack_tools_yaml),
        ("malice-capabilities.yaml", PackageResources.malice_capabilities_yaml),
        ("malice-signals.yaml", PackageResources.malice_signals_yaml),
        ("malice-combinations.yaml", PackageResources.malice_combinations_yaml),
    ]
}
