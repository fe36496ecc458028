// The door: the one HTTP/1 channel of the server. It checks every request head, keeps the clock of each connection,
// and shares the connection between the engines' own handlers, Hummingbird and WebSocket sessions.

package import NIOCore

/// The bounds and the timeouts of the door.
package struct DoorSettings: Sendable {
    /// The longest request target, in bytes; over it the answer is 414.
    package static let maximumTargetBytes = 8 * 1024
    /// The most header fields of a request, trailers among them; over it the answer is 431.
    package static let maximumHeaderFields = 100
    /// The most bytes of a request's target and header fields together, and of any one of them; over it comes 431.
    package static let maximumHeaderBytes = 32 * 1024
    /// The most bytes of a request's body that are still taken once its answer is complete; over it the door closes.
    package static let maximumDrainBytes = 1024 * 1024

    /// How long a head may take, from the first byte (or from the opening of a connection) to its empty line.
    package var headTimeout: TimeAmount
    /// How long a connection may rest between an answer and the first byte of the next request.
    package var keepAliveTimeout: TimeAmount
    /// How long a client may send nothing of a body that we read, or take nothing of an answer that we write.
    package var stallTimeout: TimeAmount
    /// How long what a client still sends is thrown away after the last answer, so that it can read that answer.
    package var lingerTimeout: TimeAmount

    /// Settings with the house's defaults.
    package init(
        headTimeout: TimeAmount = .seconds(30),
        keepAliveTimeout: TimeAmount = .seconds(60),
        stallTimeout: TimeAmount = .seconds(60),
        lingerTimeout: TimeAmount = .seconds(2)
    ) {
        self.headTimeout = headTimeout
        self.keepAliveTimeout = keepAliveTimeout
        self.stallTimeout = stallTimeout
        self.lingerTimeout = lingerTimeout
    }
}
