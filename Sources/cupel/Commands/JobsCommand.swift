import ArgumentParser

struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Submit jobs, watch what runs, retry what failed, steer the queues.",
        subcommands: [
            JobsList.self, JobsShow.self, JobsSubmit.self, JobsWatch.self, JobsCancel.self, JobsRetry.self,
            JobsDiscard.self, JobsQueues.self, JobsWorkers.self, JobsPause.self, JobsResume.self, JobsLimit.self,
        ]
    )
}
