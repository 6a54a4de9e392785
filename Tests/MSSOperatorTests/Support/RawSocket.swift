import Dispatch
import Glibc
import MSSCore
import MSSSMTP
import MSSTestKit

/// A Unix socket without a protocol.
enum RawSocket {
    struct Failure: Error { var code: Int32 }

    static func connect(_ path: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let done = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        guard done == 0 else {
            close(descriptor)
            throw Failure(code: errno)
        }
        return descriptor
    }

    /// Sends bytes and reads until the other side closes, or for two seconds where it waits for more.
    static func exchange(_ path: String, _ bytes: [UInt8]) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue(label: "mss.raw").async {
                continuation.resume(with: Result { try exchangeBlocking(path, bytes) })
            }
        }
    }

    private static func exchangeBlocking(_ path: String, _ bytes: [UInt8]) throws -> String {
        let descriptor = try connect(path)
        defer { close(descriptor) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        shutdown(descriptor, Int32(SHUT_WR))
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += buffer[..<count]
        }
    }
}

/// A text that a closure leaves behind.
final class SharedPath: Sendable {
    let value = Guarded("")
}

/// Messages for queues.
enum Deliveries {
    static func make(_ name: String, from: String, to: String) throws -> NewDelivery {
        let envelope = OutgoingEnvelope(
            sender: try MailAddress(from), recipients: [OutgoingEnvelope.Recipient(try MailAddress(to))])
        return NewDelivery(
            SMTPOutgoingMessage(envelope, SMTPContent(Array("Subject: x\r\n\r\nBonjour\r\n".utf8))),
            id: DeliveryID(name))
    }
}
