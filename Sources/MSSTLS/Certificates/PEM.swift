/// A block of a PEM text (RFC 7468): its label and bytes.
struct PEMBlock {
    let label: String
    let bytes: [UInt8]
}

/// Reads PEM (RFC 7468 §3, the lax grammar: text around blocks is ignored, as `openssl` writes some).
enum PEM {
    /// Larger texts are refused: a trust store of hundreds of authorities fits.
    static let maximumBytes = 4 * 1024 * 1024

    /// Every block with one of the labels, in order.
    static func blocks(in text: [UInt8], labels: Set<String>) throws(CertificateError) -> [PEMBlock] {
        guard text.count <= maximumBytes else { throw .tooLarge }
        var blocks: [PEMBlock] = []
        var open: (label: String, base64: [UInt8])?
        for line in text.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }) {
            var line = line
            while let last = line.last, last == 0x20 || last == 0x09 { line.removeLast() }
            if let label = boundary(line, "BEGIN") {
                guard open == nil else { throw .malformedPEM }
                open = (label, [])
            } else if let label = boundary(line, "END") {
                guard let block = open, block.label == label else { throw .malformedPEM }
                open = nil
                guard labels.contains(label) else { continue }
                guard let bytes = decodeBase64(block.base64) else { throw .malformedPEM }
                blocks.append(PEMBlock(label: label, bytes: bytes))
            } else if open != nil {
                open!.base64.append(contentsOf: line)
            }
        }
        guard open == nil else { throw .malformedPEM }
        return blocks
    }

    private static func boundary(_ line: ArraySlice<UInt8>, _ word: String) -> String? {
        let prefix = Array("-----\(word) ".utf8)
        let suffix = Array("-----".utf8)
        guard line.count > prefix.count + suffix.count, line.starts(with: prefix), line.suffix(5).elementsEqual(suffix)
        else { return nil }
        return String(decoding: line.dropFirst(prefix.count).dropLast(5), as: UTF8.self)
    }

    /// Base64 without line breaks, padding required and its bits zero; `nil` when wrong.
    static func decodeBase64(_ text: [UInt8]) -> [UInt8]? {
        guard text.count.isMultiple(of: 4), !text.isEmpty else { return nil }
        let padding = text.suffix(2).filter { $0 == UInt8(ascii: "=") }.count
        guard padding < 2 || text[text.count - 2] == UInt8(ascii: "=") else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3)
        var accumulator: UInt32 = 0
        var bits = 0
        for character in text.dropLast(padding) {
            guard let value = value(of: character) else { return nil }
            accumulator = accumulator << 6 | value
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: accumulator >> UInt32(bits)))
            }
        }
        guard accumulator & ((1 << UInt32(bits)) - 1) == 0 else { return nil }
        return bytes
    }

    private static func value(of character: UInt8) -> UInt32? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(character - 65)
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(character - 71)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(character + 4)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

extension Certificate {
    /// The certificates of a PEM text, in order; other blocks and text between blocks are ignored.
    ///
    /// Throws ``CertificateError/malformedPEM`` when there is no certificate at all.
    public static func parsePEM(_ text: String) throws(CertificateError) -> [Certificate] {
        try parsePEM(Array(text.utf8))
    }

    /// The certificates of a PEM text, in order; other blocks and text between blocks are ignored.
    public static func parsePEM(_ text: [UInt8]) throws(CertificateError) -> [Certificate] {
        let blocks = try PEM.blocks(in: text, labels: ["CERTIFICATE", "X509 CERTIFICATE"])
        guard !blocks.isEmpty else { throw .malformedPEM }
        var certificates: [Certificate] = []
        for block in blocks { certificates.append(try Certificate(der: block.bytes)) }
        return certificates
    }
}
