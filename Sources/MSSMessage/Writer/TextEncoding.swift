/// How a text or an embedded message is carried, chosen from what it holds.
struct TextEncoding {
    var encoding: TransferEncoding
    var octets: [UInt8]

    /// What matters of canonical octets (lines ended by CRLF).
    struct Census {
        var eightBit = false
        var nul = false
        var control = false
        var longestLine = 0
        var quotedSize = 0

        init(_ octets: [UInt8]) {
            var line = 0
            for byte in octets {
                if byte == Ascii.lf {
                    longestLine = max(longestLine, line - 1)
                    line = 0
                    continue
                }
                line += 1
                if byte > 127 {
                    eightBit = true
                    quotedSize += 2
                } else if byte < 32, byte != Ascii.cr, byte != Ascii.tab {
                    control = true
                    if byte == 0 { nul = true }
                    quotedSize += 2
                } else if byte == UInt8(ascii: "=") {
                    quotedSize += 2
                }
            }
            longestLine = max(longestLine, line)
            quotedSize += octets.count
        }
    }

    /// Ends every line with CRLF, whatever ended it: CRLF, LF or CR alone (RFC 2046 §4.1.1).
    static func canonical(_ bytes: some Sequence<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.underestimatedCount + 64)
        var previous: UInt8 = 0
        for byte in bytes {
            if byte == Ascii.lf, previous == Ascii.cr {
                // Already ended by the CR.
            } else if byte == Ascii.cr || byte == Ascii.lf {
                output.append(Ascii.cr)
                output.append(Ascii.lf)
            } else {
                output.append(byte)
            }
            previous = byte
        }
        return output
    }

    /// Encodes text.
    init(text: String, forced: TransferEncoding?, mode: WriterOptions.Mode) throws(WriterError) {
        let canonical = Self.canonical(text.utf8)
        let census = Census(canonical)
        let identity: TransferEncoding = census.eightBit ? .eightBit : .sevenBit
        let fits =
            census.longestLine <= HeaderWriter.hardLimit && !census.nul
            && (!census.eightBit || mode != .sevenBit)
        let chosen: TransferEncoding
        if let forced {
            chosen = forced
        } else if fits, census.longestLine <= HeaderWriter.softLimit, !census.control {
            chosen = identity
        } else {
            // Quoted-printable stays legible; base64 once most octets would be escaped.
            chosen = census.quotedSize <= 2 * canonical.count ? .quotedPrintable : .base64
        }
        encoding = chosen
        switch chosen {
        case .quotedPrintable: octets = QuotedPrintable.encode(text: canonical)
        case .base64:
            var encoder = Base64LineEncoder()
            octets = canonical.withUnsafeBytes { encoder.encode($0) } + encoder.finish()
        case .sevenBit where fits && !census.eightBit, .eightBit where fits: octets = canonical
        default: throw .unsuitableEncoding(chosen)
        }
    }
}
