import Glibc
import NIOCore

/// Puts a message on the wire: guards its line ends, doubles leading dots (RFC 5321 §4.5.2), ends its last line.
/// It serves BDAT as well, which has no dots to double.
///
/// A CR or LF alone may mean a line end to the next server and none to the one after it: with a well-placed dot, a
/// message could end early there and its rest be read as commands (SMTP smuggling, CVE-2023-51764 and its kin). None
/// leaves here. The scan costs two `memchr` a line; a chunk without leading dots passes without a copy.
struct SMTPContentFramer: Sendable {
    /// The message may not leave as it is.
    struct Unfit: Error {
        var faults: LineFaults
    }

    let doublesDots: Bool
    let lineEnds: SMTPLineEnds
    private var atLineStart = true
    private var afterCR = false

    init(doublesDots: Bool, lineEnds: SMTPLineEnds) {
        self.doublesDots = doublesDots
        self.lineEnds = lineEnds
    }

    /// The chunk as sent.
    mutating func frame(_ chunk: ByteBuffer) throws(Unfit) -> ByteBuffer {
        guard chunk.readableBytes > 0 else { return chunk }
        var insertions: [(offset: Int, byte: UInt8)] = []
        let faults = chunk.withUnsafeReadableBytes { scan($0, &insertions) }
        guard faults.isEmpty || (lineEnds == .mend && !faults.contains(.nul)) else { throw Unfit(faults: faults) }
        guard !insertions.isEmpty else { return chunk }
        var chunk = chunk
        var output = ByteBufferAllocator().buffer(capacity: chunk.readableBytes + insertions.count)
        var done = 0
        for (offset, byte) in insertions {
            if var part = chunk.readSlice(length: offset - done) { output.writeBuffer(&part) }
            output.writeInteger(byte)
            done = offset
        }
        output.writeBuffer(&chunk)
        return output
    }

    /// What ends the message, without the final dot: its last line ends with CRLF (RFC 5321 §4.1.1.4).
    mutating func end() throws(Unfit) -> ByteBuffer {
        if afterCR {
            guard lineEnds == .mend else { throw Unfit(faults: .bareCarriageReturn) }
            afterCR = false
            atLineStart = true
            return ByteBuffer(string: "\n")
        }
        return atLineStart ? ByteBuffer() : ByteBuffer(string: "\r\n")
    }

    /// Notes what must be inserted, and where; returns what is amiss.
    private mutating func scan(
        _ bytes: UnsafeRawBufferPointer, _ insertions: inout [(offset: Int, byte: UInt8)]
    ) -> LineFaults {
        let base = bytes.baseAddress!
        func find(_ byte: UInt8, _ range: Range<Int>) -> Int? {
            guard !range.isEmpty, let found = memchr(base + range.lowerBound, Int32(byte), range.count) else {
                return nil
            }
            return UnsafeRawPointer(found) - base
        }
        let cr = UInt8(ascii: "\r")
        let lf = UInt8(ascii: "\n")
        let dot = UInt8(ascii: ".")
        var faults: LineFaults = find(0, 0..<bytes.count) == nil ? [] : .nul
        var index = 0
        if afterCR {
            afterCR = false
            atLineStart = true
            if bytes[0] == lf {
                index = 1
            } else {
                faults.insert(.bareCarriageReturn)
                insertions.append((0, lf))
            }
        }
        // The next CR, looked for once: a message full of bare LFs must not cost a scan to its end for each.
        var nextCR = find(cr, index..<bytes.count) ?? bytes.count
        while index < bytes.count {
            if atLineStart, doublesDots, bytes[index] == dot { insertions.append((index, dot)) }
            atLineStart = false
            if nextCR < index { nextCR = find(cr, index..<bytes.count) ?? bytes.count }
            if let bare = find(lf, index..<nextCR) {
                faults.insert(.bareLineFeed)
                insertions.append((bare, cr))
                index = bare + 1
                atLineStart = true
            } else if nextCR == bytes.count {
                break
            } else if nextCR + 1 == bytes.count {
                afterCR = true
                break
            } else {
                index = nextCR + 2
                if bytes[nextCR + 1] != lf {
                    faults.insert(.bareCarriageReturn)
                    index = nextCR + 1
                    insertions.append((index, lf))
                }
                atLineStart = true
            }
            guard faults.isEmpty || lineEnds == .mend else { return faults }
        }
        return faults
    }
}
