import ArgumentParser

struct PlaybookCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "playbook",
        abstract: "Make and read playbooks.",
        subcommands: [PlaybookCreate.self, PlaybookList.self, PlaybookShow.self, PlaybookEval.self]
    )
}
