// cupel: the command line. One file a command, no logic of its own: every command speaks to the API, of the server
// that owns the data directory, or of one that it starts for itself.

import ArgumentParser
import CupelCore
import CupelServer

@main
struct Cupel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cupel",
        abstract: "A control plane for what language models write.",
        discussion: """
            Results go to standard output, everything else to standard error. NO_COLOR and --json are honoured.

            Exit codes: 0 it worked; 1 it did not, or findings stand against it; 2 a file or the configuration is \
            wrong; 64 the command was not understood.
            """,
        version: Version.current,
        subcommands: [
            Serve.self, Worker.self, PlaybookCommand.self, Scan.self, HookCommand.self, ModelCommand.self,
            ModelsCommand.self,
            JobsCommand.self,
            SchedulesCommand.self, KeysCommand.self, TeamsCommand.self, PeopleCommand.self, ProjectsCommand.self,
            BudgetsCommand.self, PolicyCommand.self, UsageCommand.self, CallsCommand.self, RoutesCommand.self,
            UpstreamsCommand.self, ReloadCommand.self, AssaysCommand.self, HallmarkCommand.self,
            ConfigCommand.self, Doctor.self, MigrateCommand.self, BackupCommand.self, DatabaseCommand.self,
            TokenCommand.self, VersionCommand.self,
        ]
    )

    static func main() async {
        suggest(CommandLine.arguments.dropFirst().first)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let error as CupelError {
            Terminal.standard.fail(error)
        } catch is CancellationError {
            exit(withError: ExitCode(130))
        } catch {
            exit(withError: error)
        }
    }

    /// Names the nearest command when the first word is none.
    private static func suggest(_ word: String?) {
        guard let word, !word.hasPrefix("-") else { return }
        var names = ["help"]
        for command in configuration.subcommands {
            names.append(command.configuration.commandName ?? String(describing: command).lowercased())
        }
        guard !names.contains(word) else { return }
        let nearest = word.nearest(among: names).map { " Did you mean `cupel \($0)`?" } ?? ""
        Terminal.standard.say("error: there is no command '\(word)'.\(nearest) `cupel --help` lists them.")
        exit(withError: ExitCode(64))
    }
}
