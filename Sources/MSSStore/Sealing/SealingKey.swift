import COpenSSLShim

/// A key of AES-256-GCM; cleared from memory with its last reference.
final class SealingKey: @unchecked Sendable {  // `bytes` is written before the first reference leaves `init` only
    private let bytes: UnsafeMutableRawBufferPointer

    static let count = Int(MSS_SEAL_KEY)
    static let tagCount = Int(MSS_SEAL_TAG)
    static let nonceCount = Int(MSS_SEAL_NONCE)
    /// A wrapped key: nonce, encrypted key, tag.
    static let wrappedCount = nonceCount + count + tagCount

    private init() { bytes = .allocate(byteCount: SealingKey.count, alignment: 16) }

    deinit {
        mss_cleanse(bytes.baseAddress!, bytes.count)
        bytes.deallocate()
    }

    /// A key from its 32 bytes.
    convenience init?(_ key: [UInt8]) {
        guard key.count == SealingKey.count else { return nil }
        self.init()
        bytes.copyBytes(from: key)
    }

    /// A new key.
    static func random() throws(StoreError) -> SealingKey {
        let key = SealingKey()
        guard mss_random(key.pointer, count) == 1 else { throw .cryptography }
        return key
    }

    private var pointer: UnsafeMutablePointer<UInt8> { bytes.baseAddress!.assumingMemoryBound(to: UInt8.self) }

    /// Encrypts `plain` to `sealed` (as many bytes, then the tag).
    func seal(
        _ plain: UnsafeRawBufferPointer, nonce: SealingNonce, aad: UnsafeRawBufferPointer,
        to sealed: UnsafeMutableRawPointer, tag: UnsafeMutableRawPointer
    ) throws(StoreError) {
        let done = nonce.withBytes { nonce in
            mss_seal(
                pointer, nonce, aad.baseAddress, aad.count, plain.baseAddress, plain.count, sealed,
                tag.assumingMemoryBound(to: UInt8.self))
        }
        guard done == 1 else { throw .cryptography }
    }

    /// Decrypts; `false` when the tag does not fit, and the output is then cleared.
    func unseal(
        _ sealed: UnsafeRawBufferPointer, nonce: SealingNonce, aad: UnsafeRawBufferPointer,
        to plain: UnsafeMutableRawPointer, tag: UnsafeRawPointer
    ) throws(StoreError) -> Bool {
        let done = nonce.withBytes { nonce in
            mss_unseal(
                pointer, nonce, aad.baseAddress, aad.count, sealed.baseAddress, sealed.count, plain,
                tag.assumingMemoryBound(to: UInt8.self))
        }
        guard done >= 0 else { throw .cryptography }
        return done == 1
    }

    /// Another key, encrypted by this one under a random nonce and bound to `context`.
    func wrap(_ key: SealingKey, context: [UInt8]) throws(StoreError) -> [UInt8] {
        var wrapped = [UInt8](repeating: 0, count: SealingKey.wrappedCount)
        let nonce = try SealingNonce.random()
        nonce.withBytes { for index in 0..<SealingKey.nonceCount { wrapped[index] = $0[index] } }
        try context.withBytes { aad throws(StoreError) in
            try wrapped.withMutableBytes { wrapped throws(StoreError) in
                let start = wrapped.baseAddress! + SealingKey.nonceCount
                try seal(
                    UnsafeRawBufferPointer(key.bytes), nonce: nonce, aad: aad, to: start, tag: start + SealingKey.count)
            }
        }
        return wrapped
    }

    /// A key that was wrapped; `nil` when it was not by this key, or for another context.
    func unwrap(_ wrapped: [UInt8], context: [UInt8]) throws(StoreError) -> SealingKey? {
        guard wrapped.count == SealingKey.wrappedCount else { return nil }
        let key = SealingKey()
        let nonce = SealingNonce(wrapped[..<SealingKey.nonceCount])
        let fits = try context.withBytes { aad throws(StoreError) in
            try wrapped.withBytes { wrapped throws(StoreError) in
                let end = SealingKey.nonceCount + SealingKey.count
                let sealed = UnsafeRawBufferPointer(rebasing: wrapped[SealingKey.nonceCount..<end])
                return try unseal(
                    sealed, nonce: nonce, aad: aad, to: key.bytes.baseAddress!,
                    tag: wrapped.baseAddress! + end)
            }
        }
        return fits ? key : nil
    }
}

/// The nonce of one encryption, twelve bytes.
struct SealingNonce: Sendable, Hashable {
    private var high: UInt64
    private var low: UInt32

    /// A counter and a mark.
    init(_ counter: UInt64, mark: UInt32 = 0) {
        high = counter
        low = mark
    }

    init(_ bytes: ArraySlice<UInt8>) {
        precondition(bytes.count == SealingKey.nonceCount)
        (high, low) = bytes.withUnsafeBytes {
            (
                UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)),
                UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
            )
        }
    }

    static func random() throws(StoreError) -> SealingNonce {
        var bytes = [UInt8](repeating: 0, count: SealingKey.nonceCount)
        guard mss_random(&bytes, bytes.count) == 1 else { throw .cryptography }
        return SealingNonce(bytes[...])
    }

    func withBytes<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
        withUnsafeTemporaryAllocation(byteCount: SealingKey.nonceCount, alignment: 8) { buffer in
            buffer.storeBytes(of: high.littleEndian, toByteOffset: 0, as: UInt64.self)
            buffer.storeBytes(of: low.littleEndian, toByteOffset: 8, as: UInt32.self)
            return body(UnsafePointer(buffer.baseAddress!.assumingMemoryBound(to: UInt8.self)))
        }
    }
}

/// Random bytes.
func randomBytes(_ count: Int) throws(StoreError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    guard mss_random(&bytes, count) == 1 else { throw .cryptography }
    return bytes
}

extension [UInt8] {
    /// `withUnsafeBytes` with a typed error.
    func withBytes<Value>(
        _ body: (UnsafeRawBufferPointer) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let result = withUnsafeBytes { bytes -> Result<Value, StoreError> in
            do throws(StoreError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// `withUnsafeMutableBytes` with a typed error.
    mutating func withMutableBytes<Value>(
        _ body: (UnsafeMutableRawBufferPointer) throws(StoreError) -> Value
    ) throws(StoreError) -> Value {
        let result = withUnsafeMutableBytes { bytes -> Result<Value, StoreError> in
            do throws(StoreError) { return .success(try body(bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
