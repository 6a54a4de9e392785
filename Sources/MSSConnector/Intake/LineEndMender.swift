import NIOCore

/// Makes every CR, LF or CRLF a CRLF: for messages that software of this machine wrote with LF (RFC 5321 §2.3.8).
struct LineEndMender: Sendable {
    private var endsInCR = false

    /// Mends a piece.
    mutating func mend(_ piece: ByteBuffer) -> ByteBuffer {
        var result = ByteBuffer()
        result.reserveCapacity(piece.readableBytes + piece.readableBytes / 32 + 2)
        for byte in piece.readableBytesView {
            switch byte {
            case 10:
                if !endsInCR { result.writeInteger(UInt8(13)) }
                result.writeInteger(byte)
                endsInCR = false
            default:
                if endsInCR { result.writeInteger(UInt8(10)) }
                result.writeInteger(byte)
                endsInCR = byte == 13
            }
        }
        return result
    }

    /// What is missing at the end: a message ends with a line end.
    mutating func finish(lastByte: UInt8?) -> ByteBuffer {
        defer { endsInCR = false }
        if endsInCR { return ByteBuffer(bytes: [10]) }
        return lastByte == 10 || lastByte == nil ? ByteBuffer() : ByteBuffer(bytes: [13, 10])
    }
}
