public import MSSCore

/// How messages are written.
public struct WriterOptions: Sendable {
    /// What the next hop can carry.
    public enum Mode: Hashable, Sendable {
        /// US-ASCII lines only.
        case sevenBit
        /// Bodies with octets above 127 (RFC 6152), headers in ASCII.
        case eightBitMIME
        /// UTF-8 in headers too (RFC 6531, RFC 6532).
        case smtpUTF8
    }

    /// What the next hop can carry.
    public var mode: Mode = .sevenBit
    /// Gives the date of messages that have none.
    public var clock: any WallClock = SystemWallClock()
    /// Minutes east of Greenwich in which that date is written.
    public var zoneMinutes = 0
    /// The right-hand side of message identifiers; `nil` takes the domain of the first author.
    public var messageIDDomain: String?
    /// Size of the chunks that the writer hands out, as far as content allows.
    public var chunkBytes = 64 << 10

    /// The standard options: 7-bit output, the system clock.
    public init() {}
}

/// A random generator that hides its type, so that options and writers need no generic parameter.
struct AnyRandom: RandomNumberGenerator {
    var base: any RandomNumberGenerator
    mutating func next() -> UInt64 { base.next() }

    /// `count` letters and digits, five random bits each.
    mutating func letters(_ count: Int) -> String {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
        return String(decoding: (0..<count).map { _ in alphabet[Int(next() & 31)] }, as: UTF8.self)
    }
}
