/// The header fields of a message or part: an index over the original bytes. Values are decoded when asked for.
///
/// An entry of the index takes 16 bytes whatever the field holds.
public struct HeaderBlock: Sendable, RandomAccessCollection {
    /// Where a field lies, relative to the start of the block.
    struct Location: Sendable, Hashable {
        var start: UInt32
        var nameLength: UInt32
        var valueStart: UInt32
        /// After the last octet of the value, the line end not included.
        var end: UInt32
    }

    /// The bytes that hold the block: the whole message, or a copy of the block alone.
    var storage: [UInt8]
    /// Where the block starts in `storage`.
    var first: Int
    /// Where the block starts in the message.
    public internal(set) var messageOffset: Int
    var locations: [Location] = []

    init(storage: [UInt8], first: Int, messageOffset: Int) {
        self.storage = storage
        self.first = first
        self.messageOffset = messageOffset
    }

    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of fields.
    public var endIndex: Int { locations.count }

    /// The field at a position.
    public subscript(position: Int) -> HeaderField {
        HeaderField(storage: storage, base: first, offset: messageOffset, location: locations[position])
    }

    /// The first field of a name, compared case-insensitively.
    public func first(_ name: String) -> HeaderField? { firstIndex(name).map { self[$0] } }

    /// The last field of a name, compared case-insensitively.
    public func last(_ name: String) -> HeaderField? {
        let wanted = Array(name.utf8)
        return indices.last { matches($0, wanted) }.map { self[$0] }
    }

    /// All fields of a name, compared case-insensitively, in order.
    public func all(_ name: String) -> [HeaderField] {
        let wanted = Array(name.utf8)
        return indices.filter { matches($0, wanted) }.map { self[$0] }
    }

    func firstIndex(_ name: String) -> Int? {
        let wanted = Array(name.utf8)
        return locations.indices.first { matches($0, wanted) }
    }

    private func matches(_ index: Int, _ name: [UInt8]) -> Bool {
        let location = locations[index]
        guard Int(location.nameLength) == name.count else { return false }
        let start = first + Int(location.start)
        for offset in 0..<name.count where Ascii.lower(storage[start + offset]) != Ascii.lower(name[offset]) {
            return false
        }
        return true
    }
}

/// One header field, lying in the original bytes.
public struct HeaderField: Sendable {
    let storage: [UInt8]
    let base: Int
    let offset: Int
    let location: HeaderBlock.Location

    /// The name as written.
    public var name: String {
        let start = base + Int(location.start)
        return String(decoding: storage[start..<(start + Int(location.nameLength))], as: UTF8.self)
    }

    /// The value's original octets, folds and the blank after the colon included, the last line end not.
    public var rawValue: ArraySlice<UInt8> {
        storage[(base + Int(location.valueStart))..<(base + Int(location.end))]
    }

    /// Where the field lies in the message: from its name to the end of its value.
    public var range: Range<Int> { (offset + Int(location.start))..<(offset + Int(location.end)) }

    /// The value unfolded (RFC 5322 §2.2.3): line ends removed, blanks around it too.
    public var unfolded: [UInt8] { HeaderText.unfold(rawValue) }

    /// The value as unstructured text, decoded (RFC 2047) and unfolded.
    public var text: String { HeaderText.decode(unfolded) }

    /// The value as an address list.
    public func addresses(limits: MessageLimits = .standard) -> AddressList {
        AddressParser.parse(unfolded, limits: limits)
    }

    /// The value as a date; `nil` when no date can be read from it.
    public var date: MessageDate? { MessageDate(parsing: unfolded) }

    /// The value as message identifiers, without angle brackets.
    public var messageIDs: [String] { MessageIDs.parse(unfolded) }

    /// The value as a media type; `nil` when it starts with none.
    public var contentType: ContentType? { ContentType(parsing: unfolded) }

    /// The value as a disposition; `nil` when it starts with none.
    public var contentDisposition: ContentDisposition? { ContentDisposition(parsing: unfolded) }
}
