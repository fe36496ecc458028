import ArgumentParser
import CupelCore
import CupelServer

struct Doctor: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at everything that Cupel needs here, and say what to do about what is missing.",
        discussion: "Exit codes: 0 all is well; 1 something is missing."
    )

    @OptionGroup var options: CommonOptions

    func run() async throws {
        let checkup = Checkup(settings: try options.settings(), environment: try options.environment())
        let results = await checkup.run()
        let isWell = results.allSatisfy { $0.problem == nil }
        if options.json {
            let items = results.map { result -> JSON in
                ["part": .string(result.part), "problem": result.problem.map { .string($0) } ?? .null]
            }
            Terminal.standard.print(JSON.array(items).text(.pretty))
        } else {
            for result in results {
                let mark =
                    result.problem == nil ? Terminal.standard.styled("ok", .good) : Terminal.standard.styled("!!", .bad)
                Terminal.standard.print("\(mark)  \(result.part)" + (result.problem.map { "\n    \($0)" } ?? ""))
            }
        }
        if !isWell { throw ExitCode(1) }
    }
}
