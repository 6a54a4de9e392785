import Dispatch
import Glibc
import MSSCore

/// Why a time server did not tell the time.
enum SNTPFailure: ExplainedFailure, Hashable {
    /// Its name has no address.
    case unknownHost
    /// The system refused something.
    case system(String, code: Int32)
    /// No answer in time.
    case timedOut
    /// The answer is none to our question, or of a server that has no time itself.
    case unusable

    var requirement: RequirementID? { "EX_SDT_5010" }

    var explanation: String {
        switch self {
        case .unknownHost: "son nom n'a pas d'adresse."
        case .system(let step, let code): "le système a refusé « \(step) » (erreur \(code))."
        case .timedOut: "aucune réponse dans le délai."
        case .unusable: "sa réponse n'est pas utilisable."
        }
    }

    var description: String {
        switch self {
        case .unknownHost: "unknown host"
        case .system(let step, let code): "\(step): errno \(code)"
        case .timedOut: "timed out"
        case .unusable: "unusable answer"
        }
    }
}

/// Asks a time server once (RFC 4330, on the wire of RFC 5905 §7.3): how far this machine's clock is from its.
struct SNTPClient: Sendable {
    let host: String
    let port: String
    /// Seconds for the answer.
    var patience: Int = 3

    /// A server, `host` or `host:port`.
    init(_ server: String) {
        let parts = server.split(separator: ":", maxSplits: 1).map(String.init)
        host = parts.first ?? ""
        port = parts.count == 2 ? parts[1] : "123"
    }

    /// What must be added to this machine's clock to agree with the server's.
    func offset() async throws(SNTPFailure) -> Duration {
        let result = await withCheckedContinuation { continuation in
            // Blocking: on a thread of its own.
            DispatchQueue.global().async {
                continuation.resume(returning: Result { () throws(SNTPFailure) in try ask() })
            }
        }
        return try result.get()
    }

    private func ask() throws(SNTPFailure) -> Duration {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, port, &hints, &found) == 0, let address = found else { throw .unknownHost }
        defer { freeaddrinfo(found) }
        let descriptor = socket(
            address.pointee.ai_family, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system("socket", code: errno) }
        defer { close(descriptor) }
        guard connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            throw .system("connect", code: errno)
        }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        // The time that the server gives back is a number of ours that nobody else knows: what is not about it is forged.
        let cookie = UInt64.random(in: 1 ... .max)
        let question = SNTPPacket.question(cookie)
        let sent = SNTPClient.now
        guard send(descriptor, question, question.count, 0) == question.count else {
            throw .system("send", code: errno)
        }
        var answer = [UInt8](repeating: 0, count: 512)
        let count = recv(descriptor, &answer, answer.count, 0)
        let received = SNTPClient.now
        guard count >= 0 else { throw errno == EAGAIN ? .timedOut : .system("recv", code: errno) }
        guard let offset = SNTPPacket.offset(Array(answer.prefix(count)), cookie, sent: sent, received: received) else {
            throw .unusable
        }
        return offset
    }

    private static var now: Timestamp { SystemWallClock().now() }
}

/// The 48 octets of a question and its answer (RFC 5905 §7.3). No IO.
enum SNTPPacket {
    static let count = 48
    /// Seconds from 1900 to 1970.
    private static let epoch: Int64 = 2_208_988_800

    /// A client's question: version 4, mode 3, its transmit time a number that only it knows.
    static func question(_ cookie: UInt64) -> [UInt8] {
        [0b00_100_011] + [UInt8](repeating: 0, count: 39)
            + (0..<8).map { UInt8(truncatingIfNeeded: cookie >> (56 - 8 * $0)) }
    }

    /// How far our clock is behind the server's: half of ((T2 - T1) + (T3 - T4)), RFC 5905 §8.
    static func offset(_ answer: [UInt8], _ cookie: UInt64, sent: Timestamp, received: Timestamp) -> Duration? {
        guard answer.count >= count else { return nil }
        let (leap, version, mode, stratum) = (answer[0] >> 6, answer[0] >> 3 & 7, answer[0] & 7, answer[1])
        // Leap 3: the server's clock is not synchronised; stratum 0: a refusal (RFC 4330 §8).
        guard leap != 3, (3...4).contains(version), mode == 4, (1...15).contains(stratum), word(answer, 24) == cookie,
            let arrived = time(answer, 32, near: received), let left = time(answer, 40, near: received)
        else { return nil }
        return ((arrived - sent) + (left - received)) / 2
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
        bytes[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A time of 32 bits of seconds, in the era nearest to ours.
    private static func time(_ bytes: [UInt8], _ offset: Int, near: Timestamp) -> Timestamp? {
        let value = word(bytes, offset)
        guard value != 0 else { return nil }
        var seconds = Int64(value >> 32) - epoch
        let era = Int64(1) << 32
        seconds += (near.seconds - seconds + era / 2).quotientRoundedDown(era) * era
        return Timestamp(seconds: seconds, nanoseconds: Int32(((value & 0xFFFF_FFFF) * 1_000_000_000) >> 32))
    }
}

extension Int64 {
    fileprivate func quotientRoundedDown(_ divisor: Int64) -> Int64 {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? quotient - 1 : quotient
    }
}

/// What the kernel says of its clock (adjtimex(2)), which Swift's Glibc does not declare.
enum KernelClock {
    private typealias Call = @convention(c) (UnsafeMutableRawPointer) -> CInt
    /// `struct timex` of 64-bit Linux: 208 octets, `modes` (0: ask only) first, `status` at 40.
    private static let (count, status) = (208, 40)

    /// Whether somebody keeps it right; `nil` when the kernel does not tell.
    static var isSynchronized: Bool? {
        guard MemoryLayout<Int>.size == 8, let found = dlsym(nil, "adjtimex") else { return nil }
        let call = unsafeBitCast(found, to: Call.self)
        return withUnsafeTemporaryAllocation(byteCount: 2 * count, alignment: 8) { time in
            time.initializeMemory(as: UInt8.self, repeating: 0)
            let state = call(time.baseAddress!)
            guard state >= 0 else { return nil }
            // TIME_ERROR is 5, STA_UNSYNC 0x40 (linux/timex.h).
            return state != 5 && time.load(fromByteOffset: status, as: CInt.self) & 0x40 == 0
        }
    }
}
