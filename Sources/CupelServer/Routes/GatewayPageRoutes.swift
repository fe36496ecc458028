import CupelCore
import Gateway
import HTTPTypes

/// The gateway's page, and the part of it that is fetched anew while it is looked at.
struct GatewayPageRoutes: Sendable {
    let pages: Pages
    let gateway: GatewayRoutes
    let calls: CallStore

    func all() -> [Route] {
        [
            Route(.get, "/gateway", tag: "dashboard", "The gateway's page", access: .open) { request in
                guard request.session != nil else { return .redirect(to: "/login") }
                return .page(try pages.page("Gateway", "gateway", try await page().values))
            }
            .answering(200, "The page", Schema.text, as: "text/html"),
            Route(.get, "/gateway/live", tag: "dashboard", "What changes on the gateway's page") { _ in
                .page(try pages.part("gateway-live", try await page().values))
            }
            .answering(200, "A part of the page", Schema.text, as: "text/html"),
        ]
    }

    private func page() async throws -> GatewayPage {
        let today = UsageDay(gateway.time.now)
        // The tile of the month needs all of it, which may be a day more than the chart shows.
        let days = UsageDay(number: today.number - GatewayPage.daysShown)...today
        return GatewayPage(
            days: try await calls.usage(by: [.day], over: days),
            models: try await calls.usage(by: [.model], over: days),
            keys: try await calls.usage(by: [.key], over: days),
            budgets: gateway.director.standings(),
            upstreams: try await gateway.upstreams(),
            calls: try await calls.calls(before: nil, limit: GatewayPage.rows).map(\.json),
            today: today
        )
    }
}
