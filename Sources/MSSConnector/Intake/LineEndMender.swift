import Glibc
import NIOCore

/// Makes every CR, LF or CRLF a CRLF: for messages that software of this machine wrote with LF (RFC 5321 §2.3.8).
struct LineEndMender: Sendable {
    private var endsInCR = false

    /// Mends a piece; one whose line ends are CRLF already passes as it is.
    mutating func mend(_ piece: ByteBuffer) -> ByteBuffer {
        piece.withUnsafeReadableBytes { bytes in
            guard let base = bytes.baseAddress, !bytes.isEmpty else { return piece }
            if !endsInCR, LineEndMender.isSound(base, bytes.count) { return piece }
            var result = ByteBuffer()
            result.reserveCapacity(bytes.count + bytes.count / 32 + 2)
            var position = 0
            while position < bytes.count {
                let byte = bytes[position]
                if endsInCR, byte != 10 { result.writeInteger(UInt8(10)) }
                if byte == 10 {
                    if !endsInCR { result.writeInteger(UInt8(13)) }
                    result.writeInteger(byte)
                } else if byte == 13 {
                    result.writeInteger(byte)
                } else {
                    // Up to the next line end at once.
                    let end = LineEndMender.nextLineEnd(base, from: position, to: bytes.count)
                    result.writeBytes(UnsafeRawBufferPointer(rebasing: bytes[position..<end]))
                    endsInCR = false
                    position = end
                    continue
                }
                endsInCR = byte == 13
                position += 1
            }
            return result
        }
    }

    /// Whether every CR is followed by LF and every LF follows a CR.
    private static func isSound(_ base: UnsafeRawPointer, _ count: Int) -> Bool {
        var position = 0
        while position < count {
            let end = nextLineEnd(base, from: position, to: count)
            guard end < count else { return true }
            let byte = base.load(fromByteOffset: end, as: UInt8.self)
            guard byte == 13, end + 1 < count, base.load(fromByteOffset: end + 1, as: UInt8.self) == 10 else {
                return false
            }
            position = end + 2
        }
        return true
    }

    /// The place of the next CR or LF; `count` when there is none.
    private static func nextLineEnd(_ base: UnsafeRawPointer, from start: Int, to count: Int) -> Int {
        let lineFeed = memchr(base + start, 10, count - start).map { base.distance(to: UnsafeRawPointer($0)) } ?? count
        let end = memchr(base + start, 13, lineFeed - start).map { base.distance(to: UnsafeRawPointer($0)) }
        return end ?? lineFeed
    }

    /// What is missing at the end: a message ends with a line end.
    mutating func finish(lastByte: UInt8?) -> ByteBuffer {
        defer { endsInCR = false }
        if endsInCR { return ByteBuffer(bytes: [10]) }
        return lastByte == 10 || lastByte == nil ? ByteBuffer() : ByteBuffer(bytes: [13, 10])
    }
}
