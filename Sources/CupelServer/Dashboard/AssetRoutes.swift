import CupelCore
import HTTPTypes

/// The dashboard's files.
enum AssetRoutes {
    static func all() -> [Route] {
        [
            asset("cupel.css", "text/css; charset=utf-8", PackageResources.cupel_css),
            asset("cupel.js", "text/javascript; charset=utf-8", PackageResources.cupel_js),
            asset("cupel.svg", "image/svg+xml", PackageResources.cupel_svg),
        ]
    }

    private static func asset(_ name: String, _ mediaType: String, _ bytes: [UInt8]) -> Route {
        Route(.get, "/assets/\(name)", tag: "dashboard", "A file of the dashboard", access: .open) { _ in
            RouteResponse(mediaType: mediaType, body: .bytes(bytes))
        }
        .answering(200, "The file", Schema.text, as: mediaType)
    }
}
