import MSSCore

/// The form of a message's encrypted octets: frames of 64 KiB, each with its tag, the last one shorter (or empty).
///
/// Each message has a key of its own, which serves for nothing else; the nonce of a frame is its place, with a mark on
/// the last one. So a frame cannot be moved, dropped, doubled or cut off unseen. The additional data is the blob's random
/// name: a blob cannot pass for another. No IO.
enum BlobFormat {
    static let frame = 64 << 10
    static let nameCount = 16

    /// Frames of a message of `size` octets.
    static func frames(_ size: Int) -> Int { max(1, (size + frame - 1) / frame) }

    /// Bytes that it takes.
    static func count(_ size: Int) -> Int { size + frames(size) * SealingKey.tagCount }

    /// Where a frame begins, and its plain octets.
    static func place(_ index: Int, size: Int) -> (offset: Int, count: Int) {
        (index * (frame + SealingKey.tagCount), min(frame, size - index * frame))
    }

    private static func nonce(_ index: Int, isLast: Bool) -> SealingNonce {
        SealingNonce(UInt64(index), mark: isLast ? 1 : 0)
    }

    /// Appends a frame, encrypted.
    static func append(
        _ plain: ArraySlice<UInt8>, index: Int, isLast: Bool, _ name: [UInt8], _ key: SealingKey,
        to sealed: inout [UInt8]
    ) throws(StoreError) {
        let start = sealed.count
        sealed.append(contentsOf: plain)
        sealed.append(contentsOf: repeatElement(0, count: SealingKey.tagCount))
        try name.withBytes { name throws(StoreError) in
            try sealed.withMutableBytes { sealed throws(StoreError) in
                let place = sealed.baseAddress! + start
                try key.seal(
                    UnsafeRawBufferPointer(start: place, count: plain.count), nonce: nonce(index, isLast: isLast),
                    aad: name, to: place, tag: place + plain.count)
            }
        }
    }

    /// The plain octets of a frame; `nil` when it is not what was written.
    static func open(
        _ sealed: [UInt8], index: Int, isLast: Bool, _ name: [UInt8], _ key: SealingKey
    ) throws(StoreError) -> [UInt8]? {
        let count = sealed.count - SealingKey.tagCount
        guard count >= 0 else { return nil }
        var plain = sealed
        let fits = try plain.withMutableBytes { plain throws(StoreError) in
            try open(UnsafeRawBufferPointer(plain), index: index, isLast: isLast, name, key, to: plain.baseAddress!)
        }
        guard fits else { return nil }
        plain.removeLast(SealingKey.tagCount)
        return plain
    }

    /// Decrypts a frame, to the same place or another; `false` when it is not what was written.
    static func open(
        _ sealed: UnsafeRawBufferPointer, index: Int, isLast: Bool, _ name: [UInt8], _ key: SealingKey,
        to plain: UnsafeMutableRawPointer
    ) throws(StoreError) -> Bool {
        let count = sealed.count - SealingKey.tagCount
        guard count >= 0, let start = sealed.baseAddress else { return false }
        return try name.withBytes { name throws(StoreError) in
            try key.unseal(
                UnsafeRawBufferPointer(rebasing: sealed[..<count]), nonce: nonce(index, isLast: isLast), aad: name,
                to: plain, tag: start + count)
        }
    }
}

/// Encrypts a message as it comes.
struct BlobSealer {
    let key: SealingKey
    let name: [UInt8]
    private(set) var size = 0
    private var index = 0
    private var rest: [UInt8] = []

    init() throws(StoreError) {
        key = try SealingKey.random()
        name = try randomBytes(BlobFormat.nameCount)
    }

    /// Adds octets; what makes whole frames is appended to `sealed`.
    mutating func add(_ octets: some Collection<UInt8>, to sealed: inout [UInt8]) throws(StoreError) {
        size += octets.count
        rest += octets
        // The last frame is known by the end only: one is kept back.
        var start = 0
        while rest.count - start > BlobFormat.frame {
            try BlobFormat.append(
                rest[start..<start + BlobFormat.frame], index: index, isLast: false, name, key, to: &sealed)
            index += 1
            start += BlobFormat.frame
        }
        if start > 0 { rest.removeFirst(start) }
    }

    /// Appends the last frame.
    mutating func finish(to sealed: inout [UInt8]) throws(StoreError) {
        try BlobFormat.append(rest[...], index: index, isLast: true, name, key, to: &sealed)
        rest = []
    }
}
