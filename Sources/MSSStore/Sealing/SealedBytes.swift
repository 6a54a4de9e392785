/// Bytes sealed under a random nonce: nonce, encrypted bytes, tag.
extension SealingKey {
    /// Encrypts bytes, bound to `context`.
    func seal(_ plain: [UInt8], context: [UInt8]) throws(StoreError) -> [UInt8] {
        let nonce = try SealingNonce.random()
        var sealed = [UInt8](repeating: 0, count: SealingKey.nonceCount + plain.count + SealingKey.tagCount)
        nonce.withBytes { for index in 0..<SealingKey.nonceCount { sealed[index] = $0[index] } }
        try context.withBytes { aad throws(StoreError) in
            try plain.withBytes { plain throws(StoreError) in
                try sealed.withMutableBytes { sealed throws(StoreError) in
                    let start = sealed.baseAddress! + SealingKey.nonceCount
                    try seal(plain, nonce: nonce, aad: aad, to: start, tag: start + plain.count)
                }
            }
        }
        return sealed
    }

    /// Decrypts bytes; `nil` when they are not what was sealed, or for another context.
    func open(_ sealed: [UInt8], context: [UInt8]) throws(StoreError) -> [UInt8]? {
        let count = sealed.count - SealingKey.nonceCount - SealingKey.tagCount
        guard count > 0 else { return nil }
        let nonce = SealingNonce(sealed[..<SealingKey.nonceCount])
        var failure: StoreError?
        var fits = false
        let plain = [UInt8](unsafeUninitializedCapacity: count) { target, written in
            do throws(StoreError) {
                fits = try context.withBytes { aad throws(StoreError) in
                    try sealed.withBytes { sealed throws(StoreError) in
                        let start = SealingKey.nonceCount
                        return try unseal(
                            UnsafeRawBufferPointer(rebasing: sealed[start..<start + count]), nonce: nonce, aad: aad,
                            to: UnsafeMutableRawPointer(target.baseAddress!), tag: sealed.baseAddress! + start + count)
                    }
                }
            } catch { failure = error }
            written = fits ? count : 0
        }
        if let failure { throw failure }
        return fits ? plain : nil
    }
}
