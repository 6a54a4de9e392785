/// A part of a record and the salt of its commitment.
///
/// The chain holds only SHA-256(salt in hexadecimal ‖ part): erasing part and salt leaves the chain whole and tells
/// nothing of what was erased, however guessable it was.
struct SaltedPart: Sendable, Hashable {
    static let saltCount = 16

    let salt: [UInt8]
    let bytes: [UInt8]

    /// A part with a fresh salt.
    init(_ bytes: [UInt8]) { self.init(salt: [UInt8](random: SaltedPart.saltCount), bytes: bytes) }

    init(salt: [UInt8], bytes: [UInt8]) {
        self.salt = salt
        self.bytes = bytes
    }

    var commitment: TraceDigest {
        salt.withUnsafeBytes { salt in bytes.withUnsafeBytes { SaltedPart.commitment(salt: salt, $0) } }
    }

    static func commitment(salt: UnsafeRawBufferPointer, _ part: UnsafeRawBufferPointer) -> TraceDigest {
        withUnsafeTemporaryAllocation(byteCount: 2 * salt.count, alignment: 1) { text in
            for (index, byte) in salt.enumerated() {
                text[2 * index] = digit(byte >> 4)
                text[2 * index + 1] = digit(byte & 15)
            }
            return TraceDigest(UnsafeRawBufferPointer(text), part)
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}

/// What a record says to the chain. Its text, one line, is what the digest of the record is taken of:
///
///     mss-trace-1 functional 42 1763708400.123456789 <digest before> <facts> <personal>
///
/// with the three digests in hexadecimal and a line feed at the end, so that `openssl dgst -sha256` computes it too.
struct ChainLink: Sendable, Hashable {
    let family: TraceFamily
    let sequence: UInt64
    let seconds: Int64
    let nanoseconds: Int32
    let previous: TraceDigest
    let facts: TraceDigest
    let personal: TraceDigest

    func append(to line: inout [UInt8]) {
        line.append(contentsOf: family == .functional ? ChainLink.functional : ChainLink.technical)
        line.append(decimal: sequence)
        line.append(0x20)
        line.append(unixTime: seconds, nanoseconds)
        for digest in [previous, facts, personal] {
            line.append(0x20)
            line.append(hex: digest)
        }
        line.append(0x0A)
    }

    private static let functional = Array("mss-trace-1 functional ".utf8)
    private static let technical = Array("mss-trace-1 technical ".utf8)

    /// What stands before the first record of a journal.
    static func genesis(store: String, family: TraceFamily) -> TraceDigest {
        TraceDigest(of: Array("mss-trace-genesis-1 \(store) \(family.rawValue)\n".utf8))
    }
}

extension [UInt8] {
    /// Appends seconds since 1970, a dot and nine digits of nanoseconds.
    mutating func append(unixTime seconds: Int64, _ nanoseconds: Int32) {
        append(decimal: seconds)
        append(0x2E)
        var divisor: Int32 = 100_000_000
        while divisor > 0 {
            append(0x30 + UInt8(nanoseconds / divisor % 10))
            divisor /= 10
        }
    }
}
