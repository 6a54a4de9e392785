import MSSIMAP

/// The form in which the base keeps what clients ask of every message: encrypted by the message's own key, so that it is
/// unreadable with the message once the mailbox's key is destroyed (decision 0206). No IO.
enum SummaryFormat {
    /// Bound to the blob, and to this form: another form is another context, and is made anew.
    private static func context(_ name: [UInt8]) -> [UInt8] { form + name }
    private static let form = Array("MSS summary 1".utf8)

    /// The sealed form; empty when there is no summary.
    static func seal(
        _ summary: IMAPMessageSummary?, _ name: [UInt8], _ key: SealingKey
    ) throws(StoreError) -> [UInt8] {
        guard let summary else { return [] }
        var writer = ByteWriter(capacity: summary.count + 32)
        writer.blob(summary.header)
        writer.blob(summary.envelope)
        writer.blob(summary.bodyStructure)
        if let rev2 = summary.rev2BodyStructure { writer.blob(rev2) }
        // Frames of the message count their nonces from 0 under this key; these are random.
        let nonce = try SealingNonce.random()
        let count = writer.bytes.count
        var sealed = [UInt8](repeating: 0, count: SealingKey.nonceCount + count + SealingKey.tagCount)
        nonce.withBytes { for index in 0..<SealingKey.nonceCount { sealed[index] = $0[index] } }
        try context(name).withBytes { aad throws(StoreError) in
            try writer.bytes.withBytes { plain throws(StoreError) in
                try sealed.withMutableBytes { sealed throws(StoreError) in
                    let start = sealed.baseAddress! + SealingKey.nonceCount
                    try key.seal(plain, nonce: nonce, aad: aad, to: start, tag: start + count)
                }
            }
        }
        return sealed
    }

    /// The summary; `nil` when the bytes are not what was sealed.
    static func open(_ sealed: [UInt8], _ name: [UInt8], _ key: SealingKey) throws(StoreError) -> IMAPMessageSummary? {
        let count = sealed.count - SealingKey.nonceCount - SealingKey.tagCount
        guard count > 0 else { return nil }
        let nonce = SealingNonce(sealed[..<SealingKey.nonceCount])
        var plain = [UInt8](repeating: 0, count: count)
        let fits = try context(name).withBytes { aad throws(StoreError) in
            try sealed.withBytes { sealed throws(StoreError) in
                try plain.withMutableBytes { plain throws(StoreError) in
                    let start = SealingKey.nonceCount
                    return try key.unseal(
                        UnsafeRawBufferPointer(rebasing: sealed[start..<start + count]), nonce: nonce, aad: aad,
                        to: plain.baseAddress!, tag: sealed.baseAddress! + start + count)
                }
            }
        }
        guard fits else { return nil }
        var reader = ByteReader(plain)
        do throws(MalformedBytes) {
            let (header, envelope, structure) = (try reader.blob(), try reader.blob(), try reader.blob())
            return IMAPMessageSummary(
                header: header, envelope: envelope, bodyStructure: structure,
                rev2BodyStructure: reader.isAtEnd ? nil : try reader.blob())
        } catch { return nil }
    }
}
