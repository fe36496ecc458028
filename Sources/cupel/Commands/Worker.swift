import ArgumentParser
import CupelCore
import CupelServer
import Logging
import Metrics
import ServiceLifecycle
import Telemetry
import UnixSignals

struct Worker: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run jobs in a process of their own, beside `cupel serve`, on PostgreSQL.",
        discussion: """
            Any number of workers, on any number of machines, share one database. A worker that dies is noticed within \
            jobs.lease_seconds, and its jobs are run again by the others. Ends with 0 on SIGTERM after finishing what \
            runs.
            """
    )

    @Option(help: "Queues to serve, as a,b or with the most jobs of each at once: a:4,b:1. Default: all.")
    var queues: String?
    @Option(help: "Jobs that run at once.") var concurrency: Int?
    @OptionGroup var options: CommonOptions

    func run() async throws {
        let settings = try options.settings(concurrency.map { ["jobs.concurrency": String($0)] } ?? [:])
        guard settings.data.database != nil else {
            throw CupelError(
                .configurationInvalid,
                """
                A worker needs PostgreSQL: SQLite belongs to one process, and `cupel serve` runs its jobs itself. Raise \
                jobs.concurrency there, or move to PostgreSQL with `cupel db move` and set database.url.
                """
            )
        }
        guard settings.jobs.concurrency > 0 else {
            throw CupelError(.configurationInvalid, "A worker needs a --concurrency of at least 1.")
        }
        Serve.bootstrap(settings)
        let application = try await CupelApplication.make(
            settings,
            role: .worker,
            environment: try options.environment(),
            logger: Logger(label: "cupel")
        )
        let group = application.workerGroup(signals: [.sigterm, .sigint], queues: try parsed(queues ?? ""))
        Terminal.standard.print("cupel \(Version.current) works: \(settings.jobs.concurrency) jobs at once")
        try await group.run()
        await application.close()
    }

    private func parsed(_ text: String) throws -> [String: Int] {
        var queues: [String: Int] = [:]
        for piece in text.split(separator: ",") {
            let parts = piece.split(separator: ":", maxSplits: 1)
            let limit = parts.count == 2 ? Int(parts[1]) : 1024
            guard let name = parts.first, let limit, limit > 0 else {
                throw CupelError(.configurationInvalid, "--queues takes names as a,b or a:4,b:1, not '\(piece)'.")
            }
            queues[String(name)] = limit
        }
        return queues
    }
}
