import MSSIMAP

/// The form in which the base keeps, once more and together, what clients ask of messages that follow each other: a page
/// of 64 UIDs of a folder, the headers in one piece and the structures in another, each encrypted by the mailbox's key
/// (decision 0225). No IO.
enum SummaryPage {
    enum Part: Int64, CaseIterable {
        case header = 0
        case structure = 1
    }

    /// What a page says of one message, as a part of the page's memory.
    typealias Entry = (uid: UInt32, octets: ArraySlice<UInt8>)

    /// UIDs of a page.
    static let count: UInt32 = 64
    /// Messages of a page that must be asked for to make it worth while.
    static let worth = 16

    static func page(of uid: UInt32) -> UInt32 { uid / count }
    static func uids(of page: UInt32) -> ClosedRange<UInt32> { page * count...(page * count + (count - 1)) }

    /// Bound to its place, and to this form: another form is another context, and is made anew.
    private static func context(_ part: Part, _ folder: Int64, _ page: UInt32) -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(folder)
        writer.integer(page)
        writer.integer(part.rawValue)
        return form + writer.bytes
    }
    private static let form = Array("MSS summary page 1".utf8)

    /// The sealed form of a part of a page. Messages without a summary are left out.
    static func seal(
        _ summaries: [(uid: UInt32, summary: IMAPMessageSummary)], _ part: Part, _ folder: Int64, _ page: UInt32,
        _ key: SealingKey
    ) throws(StoreError) -> [UInt8] {
        var (index, octets) = (ByteWriter(), ByteWriter(capacity: 64 << 10))
        var entries: UInt32 = 0
        for (uid, summary) in summaries {
            let start = octets.bytes.count
            switch part {
            case .header:
                guard let header = summary.header else { continue }
                octets.append(header)
            case .structure:
                guard let structure = summary.structure else { continue }
                SummaryFormat.write(structure, to: &octets)
            }
            index.integer(uid)
            index.integer(UInt32(octets.bytes.count - start))
            entries += 1
        }
        var plain = ByteWriter(capacity: 4 + index.bytes.count + octets.bytes.count)
        plain.integer(entries)
        plain.append(index.bytes)
        plain.append(octets.bytes)
        return try key.seal(plain.bytes, context: context(part, folder, page))
    }

    /// What a part of a page says, ascending; `nil` when the bytes are not what was sealed.
    static func open(
        _ sealed: [UInt8], _ part: Part, _ folder: Int64, _ page: UInt32, _ key: SealingKey
    ) throws(StoreError) -> [Entry]? {
        guard let plain = try key.open(sealed, context: context(part, folder, page)) else { return nil }
        var reader = ByteReader(plain)
        do throws(MalformedBytes) {
            let entries = try reader.count(size: 8)
            var position = reader.position + 8 * entries
            var found: [Entry] = []
            found.reserveCapacity(entries)
            for _ in 0..<entries {
                let (uid, count) = (try reader.integer(UInt32.self), Int(try reader.integer(UInt32.self)))
                guard count <= plain.count - position else { return nil }
                found.append((uid, plain[position..<position + count]))
                position += count
            }
            return found
        } catch { return nil }
    }
}
