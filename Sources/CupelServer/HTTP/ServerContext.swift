package import Hummingbird

/// What Hummingbird carries along with a request.
package struct ServerContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    /// The identifier that answers and logs carry.
    package var requestID: String

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        requestID = ""
    }
}
