import MSSIMAP

/// The form in which the base keeps what clients ask of every message: encrypted by the message's own key, so that it is
/// unreadable with the message once the mailbox's key is destroyed (decision 0206). No IO.
enum SummaryFormat {
    /// Bound to the blob, and to this form: another form is another context, and is made anew.
    private static func context(_ name: [UInt8]) -> [UInt8] { form + name }
    private static let form = Array("MSS summary 1".utf8)

    /// The sealed form of a whole summary; empty when there is no summary.
    static func seal(
        _ summary: IMAPMessageSummary?, _ name: [UInt8], _ key: SealingKey
    ) throws(StoreError) -> [UInt8] {
        guard let summary, let header = summary.header, let structure = summary.structure else { return [] }
        var writer = ByteWriter(capacity: summary.count + 32)
        writer.blob(header)
        write(structure, to: &writer)
        // Frames of the message count their nonces from 0 under this key; these are random.
        return try key.seal(writer.bytes, context: context(name))
    }

    /// The summary; `nil` when the bytes are not what was sealed.
    static func open(_ sealed: [UInt8], _ name: [UInt8], _ key: SealingKey) throws(StoreError) -> IMAPMessageSummary? {
        guard let plain = try key.open(sealed, context: context(name)) else { return nil }
        var reader = ByteReader(plain)
        guard let header = try? plain[reader.blobPlace()] else { return nil }
        return structure(plain[reader.position...]).map { IMAPMessageSummary(header: header, structure: $0) }
    }

    /// Writes what is said of a structure.
    static func write(_ structure: IMAPMessageSummary.Structure, to writer: inout ByteWriter) {
        writer.blob(structure.envelope)
        writer.blob(structure.body)
        if let rev2 = structure.rev2Body { writer.blob(rev2) }
    }

    /// What was written of a structure, as parts of the same memory; `nil` when it is something else.
    static func structure(_ bytes: ArraySlice<UInt8>) -> IMAPMessageSummary.Structure? {
        var reader = ByteReader(bytes)
        do throws(MalformedBytes) {
            let (envelope, body) = (bytes[try reader.blobPlace()], bytes[try reader.blobPlace()])
            return IMAPMessageSummary.Structure(
                envelope: envelope, body: body, rev2Body: reader.isAtEnd ? nil : bytes[try reader.blobPlace()])
        } catch { return nil }
    }
}
