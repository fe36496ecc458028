import CupelCore
import Dispatch
import Glibc

/// A server on loopback that answers every connection with the same bytes, whatever it is asked.
final class NoRedis: Sendable {
    let port: Int
    private let listener: Int32

    /// - Parameter pause: microseconds between two bytes of the answer.
    init(answer: String, pause: UInt32 = 0) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) == 0 ? getsockname(listener, pointer, &length) : -1
            }
        }
        guard result == 0, listen(listener, 16) == 0 else { throw CupelError(.toolFailed, "No free port.") }
        self.listener = listener
        port = Int(in_port_t(bigEndian: address.sin_port))
        DispatchQueue(label: "no-redis").async {
            while case let peer = accept(listener, nil, nil), peer >= 0 {
                for byte in answer.utf8 {
                    if send(peer, [byte], 1, Int32(MSG_NOSIGNAL)) < 1 { break }
                    if pause > 0 { usleep(pause) }
                }
                close(peer)
            }
            close(listener)
        }
    }

    /// Wakes the thread out of `accept`; it closes the socket, whose number could be another's by then otherwise.
    deinit { shutdown(listener, Int32(SHUT_RDWR)) }
}
