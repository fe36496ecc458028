import Glibc
import NIOCore
import NIOPosix

/// An address on loopback to which no connection comes about: its queue is full and nobody takes from it.
final class BlackHole: Sendable {
    let port: Int
    private let sockets: [Int32]

    init() {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        var bound = 0
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                _ = bind(listener, pointer, length)
                _ = listen(listener, 0)
                _ = getsockname(listener, pointer, &length)
            }
            bound = Int(UInt16(bigEndian: pointer.pointee.sin_port))
        }
        port = bound
        // A queue of length zero holds one or two; the rest are never answered.
        let fillers = (0..<4).map { _ in
            let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = connect(filler, $0, length) }
            }
            return filler
        }
        sockets = [listener] + fillers
    }

    deinit { for socket in sockets { close(socket) } }
}
