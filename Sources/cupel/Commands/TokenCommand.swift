import ArgumentParser
import CupelCore
import CupelServer
import Identity
import Storage

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token",
        abstract: "Print the token that the API and the dashboard ask for."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let directory = try options.settings().data.directory
        let path = DataDirectory.tokenPath(in: directory)
        // Without an owner the directory is made as the server would make it.
        if DataDirectory.owner(of: directory) == nil { _ = try DataDirectory(owning: directory) }
        Terminal.standard.print(try AccessToken.loadOrMake(at: path).secret.expose())
    }
}
