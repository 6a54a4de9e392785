import Glibc
import MSSSASL

/// A field of a header as it lies there: where its name, its value and its end are. It says what MSSMessage's parser says,
/// without keeping anything: a mailbox is searched and listed by some fields of ten thousand headers.
struct RawHeaderField: Hashable {
    var start: Int
    var nameEnd: Int
    var valueStart: Int
    /// Behind the last octet, without the line end.
    var end: Int
    /// Whether it has more than one line.
    var isFolded = false

    /// Goes through the fields of a header until `body` says `false`.
    static func forEach(in bytes: UnsafeRawBufferPointer, _ body: (RawHeaderField) -> Bool) {
        var open: RawHeaderField?
        var position = 0
        while position < bytes.count {
            let start = position
            let feed = memchr(bytes.baseAddress! + start, 0x0A, bytes.count - start)
            var end = feed.map { UnsafeRawPointer($0) - bytes.baseAddress! } ?? bytes.count
            position = end + 1
            if feed != nil, end > start, bytes[end - 1] == 0x0D { end -= 1 }
            if end == start { break }
            if isBlank(bytes[start]) {
                open?.end = end
                open?.isFolded = true
                continue
            }
            if let field = open, !body(field) { return }
            open = field(bytes, start, end)
        }
        if let field = open { _ = body(field) }
    }

    /// The field that begins with a line; `nil` when it begins none (RFC 5322 §2.2).
    private static func field(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> RawHeaderField? {
        let line = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
        guard let colon = memchr(line.baseAddress!, Int32(UInt8(ascii: ":")), line.count),
            case let length = UnsafeRawPointer(colon) - line.baseAddress!, length > 0,
            // A line of mbox files, not of the message.
            start > 0 || !(line.starts(with: "From ".utf8) || line.starts(with: ">From ".utf8))
        else { return nil }
        var nameEnd = length
        while nameEnd > 0, isBlank(line[nameEnd - 1]) { nameEnd -= 1 }
        return RawHeaderField(start: start, nameEnd: start + nameEnd, valueStart: start + length + 1, end: end)
    }

    /// Whether its name is this one, in capitals, whatever its own case.
    func isNamed(_ name: [UInt8], in bytes: UnsafeRawBufferPointer) -> Bool {
        guard nameEnd - start == name.count else { return false }
        var index = 0
        while index < name.count, bytes[start + index].uppercased == name[index] { index += 1 }
        return index == name.count
    }

    /// A name in capitals.
    static func name(_ name: String) -> [UInt8] { name.utf8.map(\.uppercased) }

    /// The value without blanks around it, when it means what it says: one line of ASCII without encoded words.
    func plainValue(in bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard !isFolded else { return nil }
        var (first, last) = (valueStart, end)
        while first < last, Self.isBlank(bytes[first]) { first += 1 }
        while first < last, Self.isBlank(bytes[last - 1]) { last -= 1 }
        let value = UnsafeRawBufferPointer(rebasing: bytes[first..<last])
        return Self.isPlain(value) ? value : nil
    }

    /// Whether octets are ASCII without a bare CR and without the beginning of an encoded word (RFC 2047).
    ///
    /// - Parameter folds: whether they may be of several lines.
    static func isPlain(_ octets: UnsafeRawBufferPointer, folds: Bool = false) -> Bool {
        var previous: UInt8 = 0
        for octet in octets {
            if octet >= 0x80 || (octet == UInt8(ascii: "?") && previous == UInt8(ascii: "=")) { return false }
            // Of several lines each CR stands before a line end.
            if folds ? previous == 0x0D && octet != 0x0A : octet == 0x0D { return false }
            previous = octet
        }
        return previous != 0x0D
    }

    private static func isBlank(_ octet: UInt8) -> Bool { octet == 0x20 || octet == 0x09 }

    /// Fields by their names, or all but these, as they stand, and the empty line (RFC 9051 §6.4.5.1).
    static func fields(_ names: [[UInt8]], isNot: Bool, of header: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(min(header.count + 2, 4096))
        header.withUnsafeBytes { bytes in
            forEach(in: bytes) { field in
                if names.contains(where: { field.isNamed($0, in: bytes) }) != isNot {
                    output.append(contentsOf: UnsafeRawBufferPointer(rebasing: bytes[field.start..<field.end]))
                    output.append(0x0D)
                    output.append(0x0A)
                }
                return true
            }
        }
        output.append(0x0D)
        output.append(0x0A)
        return output
    }
}
