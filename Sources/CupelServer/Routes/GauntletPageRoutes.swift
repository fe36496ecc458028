import CupelCore
import Gauntlet
import HTTPTypes

/// The gauntlet's page with the part of it that is fetched anew, and an assay's page.
struct GauntletPageRoutes: Sendable {
    let pages: Pages
    let assays: AssayRoutes

    func all() -> [Route] {
        [
            Route(.get, "/gauntlet", tag: "dashboard", "The gauntlet's page", access: .open) { request in
                guard request.session != nil else { return .redirect(to: "/login") }
                return .page(try pages.page("Gauntlet", "gauntlet", try await page().values))
            }
            .answering(200, "The page", Schema.text, as: "text/html"),
            Route(.get, "/gauntlet/live", tag: "dashboard", "What changes on the gauntlet's page") { _ in
                .page(try pages.part("gauntlet-live", try await page().values))
            }
            .answering(200, "A part of the page", Schema.text, as: "text/html"),
            Route(.get, "/gauntlet/{id}", tag: "dashboard", "An assay's page", access: .open) { request in
                guard request.session != nil else { return .redirect(to: "/login") }
                let number = try request.integer("page", default: 1, in: 1...1_000_000)
                let page = AssayPage(assay: try await assays.assay(try request.identifier("id")), page: number)
                return .page(try pages.page(AssayPage.name(page.assay), "assay", page.values))
            }
            .taking(.path, "id", "The assay", Schema.identifier)
            .taking(.query, "page", "The page of its findings", Schema.integer(1...1_000_000, default: 1))
            .answering(200, "The page", Schema.text, as: "text/html"),
        ]
    }

    private func page() async throws -> GauntletPage {
        GauntletPage(
            totals: try await assays.store.statistics(),
            assays: try await assays.assays(before: nil, limit: GauntletPage.rows)
        )
    }
}
