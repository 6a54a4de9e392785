import COpenSSLShim

/// A SHA-256 digest.
public struct TraceDigest: Sendable, Hashable {
    // Four words, not a SIMD vector: one is aligned to 32 bytes, which the frames of asynchronous functions are not
    // (Swift 6.3.1: they overflow and corrupt the heap).
    private var words = Words()

    private struct Words: Sendable, Hashable {
        var first: UInt64 = 0
        var second: UInt64 = 0
        var third: UInt64 = 0
        var fourth: UInt64 = 0
    }

    /// The digest whose bytes these are; `nil` unless there are 32.
    init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == TraceDigest.count else { return nil }
        withUnsafeMutableBytes(of: &words) { $0.copyBytes(from: bytes) }
    }

    /// Reads 64 lower-case hexadecimal digits.
    public init?(hex text: some StringProtocol) {
        guard let bytes = [UInt8](hex: text) else { return nil }
        self.init(bytes)
    }

    /// SHA-256 of two runs of bytes, one after the other.
    init(
        _ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0)
    ) {
        let done = withUnsafeMutableBytes(of: &words) {
            mss_sha256_pair(
                first.baseAddress, first.count, second.baseAddress, second.count,
                $0.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        // SHA-256 of memory fails only when memory is out or libcrypto has no SHA-256: no journal can go on.
        precondition(done == 1, "SHA-256 is not available")
    }

    /// SHA-256 of some bytes.
    init(of bytes: [UInt8]) {
        self = bytes.withUnsafeBytes { TraceDigest($0) }
    }

    fileprivate init(stream: OpaquePointer) {
        let done = withUnsafeMutableBytes(of: &words) {
            mss_sha256_stream_peek(stream, $0.baseAddress!.assumingMemoryBound(to: UInt8.self))
        }
        precondition(done == 1, "SHA-256 is not available")
    }

    static let count = 32

    func withBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(of: words, body)
    }

    /// The 32 bytes.
    public var bytes: [UInt8] { withBytes { Array($0) } }

    /// 64 lower-case hexadecimal digits.
    public var hex: String {
        var text: [UInt8] = []
        text.append(hex: self)
        return String(decoding: text, as: UTF8.self)
    }
}

extension TraceDigest: CustomStringConvertible {
    /// 64 lower-case hexadecimal digits.
    public var description: String { hex }
}

/// SHA-256 of the chain lines of a segment, as they come.
final class RunningDigest {
    private let stream: OpaquePointer

    init() {
        guard let stream = mss_sha256_stream_new() else { preconditionFailure("SHA-256 is not available") }
        self.stream = stream
    }

    deinit { mss_sha256_stream_free(stream) }

    func add(_ bytes: UnsafeRawBufferPointer) {
        precondition(mss_sha256_stream_add(stream, bytes.baseAddress, bytes.count) == 1, "SHA-256 is not available")
    }

    var digest: TraceDigest { TraceDigest(stream: stream) }
}

extension [UInt8] {
    /// Appends 64 lower-case hexadecimal digits.
    mutating func append(hex digest: TraceDigest) {
        digest.withBytes { for byte in $0 { append(hex: byte) } }
    }

    /// Reads lower-case hexadecimal digits.
    init?(hex text: some StringProtocol) {
        let digits = Array(text.utf8)
        guard digits.count % 2 == 0 else { return nil }
        self = []
        reserveCapacity(digits.count / 2)
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = [UInt8].value(digits[index]), let low = [UInt8].value(digits[index + 1]) else {
                return nil
            }
            append(high << 4 | low)
        }
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        default: nil
        }
    }

    /// Random bytes for salts and identities.
    init(random count: Int) {
        self = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            precondition(mss_random(buffer.baseAddress!, count) == 1, "no secure random numbers")
            filled = count
        }
    }
}
