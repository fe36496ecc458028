import CupelCore
import HTTPTypes
import Jobs

/// The jobs page, and the part of it that is fetched anew while it is looked at.
struct JobsPageRoutes: Sendable {
    let pages: Pages
    let overview: QueueOverview

    func all() -> [Route] {
        [
            Route(.get, "/jobs", tag: "dashboard", "The jobs page", access: .open) { request in
                guard request.session != nil else { return .redirect(to: "/login") }
                return .page(try pages.page("Jobs", "jobs", try await page().values))
            }
            .answering(200, "The page", Schema.text, as: "text/html"),
            Route(.get, "/jobs/live", tag: "dashboard", "What changes on the jobs page") { _ in
                .page(try pages.part("jobs-live", try await page().values))
            }
            .answering(200, "A part of the page", Schema.text, as: "text/html"),
        ]
    }

    private func page() async throws -> JobsPage {
        let now = overview.queue.time.now
        return JobsPage(
            reports: try await overview.reports(),
            minutes: try await overview.queue.store.minutes(since: now + .seconds(-3600)),
            running: try await overview.queue.jobs(JobFilter(state: .running, limit: JobsPage.rows)),
            dead: try await overview.queue.jobs(JobFilter(state: .failed, limit: JobsPage.rows)),
            workers: try await overview.queue.store.workers(),
            now: now
        )
    }
}
