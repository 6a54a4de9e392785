import MSSConnector
import MSSCore

/// The file of a message in quarantine. No IO.
///
///     0   magic                       8
///     8   wrapped key                60
///     68  random name                16
///     84  message, in the frames of ``BlobFormat``
///         facts, encrypted, and their tag
///         bytes of these              4
///
/// The key serves for this file alone. It is wrapped by the master key for this store and this entry: a file cannot pass
/// for another's, and overwriting its first bytes makes noise of the rest.
enum HeldFormat {
    private static let magic = Array("MSSHLD01".utf8)
    static let headerCount = magic.count + SealingKey.wrappedCount + BlobFormat.nameCount
    /// More than any envelope takes: a length that was damaged reserves no more.
    static let factsLimit = 16 << 20

    /// What is known of a message in quarantine.
    struct Facts: Sendable, Hashable {
        var entry: QuarantineEntry
        /// Octets kept.
        var size: Int
        /// Whether all of the message was.
        var isWhole: Bool
    }

    /// A name never leads out of the folder.
    static func isName(_ id: String) -> Bool {
        (1...100).contains(id.utf8.count)
            && id.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }

    private static func context(_ store: [UInt8], _ id: String) -> [UInt8] { magic + store + Array(id.utf8) }

    static func header(
        _ sealer: BlobSealer, _ id: String, store: [UInt8], _ master: StoreMasterKey
    ) throws(StoreError) -> [UInt8] {
        magic + (try master.key.wrap(sealer.key, context: context(store, id))) + sealer.name
    }

    /// The key and the name in a header; `nil` when it is not one of this entry.
    static func open(
        _ header: [UInt8], _ id: String, store: [UInt8], _ master: StoreMasterKey
    ) throws(StoreError) -> (key: SealingKey, name: [UInt8])? {
        guard header.count == headerCount, Array(header.prefix(magic.count)) == magic else { return nil }
        let end = magic.count + SealingKey.wrappedCount
        guard let key = try master.key.unwrap(Array(header[magic.count..<end]), context: context(store, id)) else {
            return nil
        }
        return (key, Array(header[end...]))
    }

    // MARK: Facts

    /// The frames of a message count from 0 with the marks 0 and 1.
    private static let factsNonce = SealingNonce(0, mark: 2)

    /// The end of a file.
    static func trailer(_ facts: Facts, _ key: SealingKey, _ name: [UInt8]) throws(StoreError) -> [UInt8] {
        let plain = encode(facts)
        guard plain.count <= factsLimit else { throw .tooLarge(bytes: plain.count) }
        var sealed = plain + [UInt8](repeating: 0, count: SealingKey.tagCount)
        try name.withBytes { name throws(StoreError) in
            try sealed.withMutableBytes { sealed throws(StoreError) in
                let place = sealed.baseAddress!
                try key.seal(
                    UnsafeRawBufferPointer(start: place, count: plain.count), nonce: factsNonce, aad: name, to: place,
                    tag: place + plain.count)
            }
        }
        var writer = ByteWriter()
        writer.integer(UInt32(sealed.count))
        return sealed + writer.bytes
    }

    /// The facts of what ``trailer(_:_:_:)`` made, its last four bytes apart; `nil` when it is not what was written.
    static func facts(
        _ sealed: [UInt8], _ id: String, _ key: SealingKey, _ name: [UInt8]
    ) throws(StoreError) -> Facts? {
        let count = sealed.count - SealingKey.tagCount
        guard count >= 0 else { return nil }
        var plain = sealed
        let fits = try name.withBytes { name throws(StoreError) in
            try plain.withMutableBytes { plain throws(StoreError) in
                let place = plain.baseAddress!
                return try key.unseal(
                    UnsafeRawBufferPointer(start: place, count: count), nonce: factsNonce, aad: name, to: place,
                    tag: place + count)
            }
        }
        guard fits else { return nil }
        return try? decode(Array(plain.prefix(count)), id)
    }

    static func encode(_ facts: Facts) -> [UInt8] {
        var writer = ByteWriter()
        writer.time(facts.entry.time)
        writer.text(facts.entry.message)
        writer.optionalText(facts.entry.sender?.text)
        writer.integer(UInt32(facts.entry.recipients.count))
        for recipient in facts.entry.recipients { writer.text(recipient.text) }
        writer.integer(UInt32(facts.entry.findings.count))
        for finding in facts.entry.findings { writer.text(finding) }
        writer.integer(Int64(facts.size))
        writer.flag(facts.isWhole)
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8], _ id: String) throws(MalformedBytes) -> Facts {
        var reader = ByteReader(bytes)
        var entry = QuarantineEntry(
            id: id, time: try reader.time(), message: try reader.text(), sender: nil, recipients: [], findings: [])
        if let sender = try reader.optionalText() { entry.sender = try EnvelopeCoding.address(sender) }
        for _ in 0..<(try reader.count(size: 4)) {
            entry.recipients.append(try EnvelopeCoding.address(try reader.text()))
        }
        for _ in 0..<(try reader.count(size: 4)) { entry.findings.append(try reader.text()) }
        let size = try reader.integer(Int64.self)
        let facts = Facts(entry: entry, size: Int(clamping: size), isWhole: try reader.flag())
        guard reader.isAtEnd, size >= 0 else { throw MalformedBytes() }
        return facts
    }
}
