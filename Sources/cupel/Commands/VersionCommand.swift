import ArgumentParser
import CupelCore
import CupelServer

struct VersionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let text = options.json ? (["version": .string(Version.current)] as JSON).text() : "cupel \(Version.current)"
        Terminal.standard.print(text)
    }
}
