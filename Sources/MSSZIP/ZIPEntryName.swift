/// The rules for names of entries, the same for what is read and for what is written.
enum ZIPEntryName {
    /// Text of a stored name: UTF-8 where flagged (bit 11) or where the Info-ZIP Unicode extra (0x7075) gives it and its
    /// checksum fits; else UTF-8 where it happens to be valid, as many writers forget the flag; else code page 437
    /// (APPNOTE D.1), which agrees with French Windows' 850 on the accented letters of French.
    static func decode(
        _ stored: [UInt8], utf8Flag: Bool, unicodeExtra: [UInt8]?, entry: Int
    ) throws(ZIPError) -> String {
        if utf8Flag {
            guard let name = String(validating: stored, as: UTF8.self) else {
                throw ZIPError(.unsafeName, entry: entry)
            }
            return name
        }
        // version 1, CRC-32 of the stored name, then the name in UTF-8
        if let extra = unicodeExtra, extra.count > 5, extra[0] == 1,
            CRC32.of(stored) == LittleEndian.uint32(extra, at: 1),
            let name = String(validating: extra[5...], as: UTF8.self)
        {
            return name
        }
        return String(validating: stored, as: UTF8.self) ?? CodePage437.decode(stored)
    }

    /// Throws unless `name` is a relative path that stays inside its root on every system.
    static func check(_ name: String, limits: ZIPLimits, entry: Int?) throws(ZIPError) {
        guard name.utf8.count <= limits.nameBytes else { throw ZIPError(.nameTooLong, entry: entry) }
        guard !name.isEmpty, !name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "\\") })
        else { throw ZIPError(.unsafeName, entry: entry) }
        var parts = name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
        if parts.count > 1, parts.last!.isEmpty { parts.removeLast() }  // a folder
        guard parts.count <= limits.depth else { throw ZIPError(.nameTooLong, entry: entry) }
        for part in parts {
            // An empty part is an absolute path or a double slash.
            if part.isEmpty || part.elementsEqual(".".utf8) || part.elementsEqual("..".utf8) {
                throw ZIPError(.pathTraversal, entry: entry)
            }
            let bytes = Array(part.prefix(2))
            if bytes.count == 2, bytes[1] == UInt8(ascii: ":"), (bytes[0] | 0x20) >= 0x61, (bytes[0] | 0x20) <= 0x7A {
                throw ZIPError(.pathTraversal, entry: entry)  // a drive
            }
        }
    }

    /// What two names must not share: the name without letter case or final slash. Swift strings compare by canonical
    /// equivalence, so that composed and decomposed accents are one name here as on macOS.
    static func key(_ name: String) -> String {
        let folded = name.lowercased()
        return folded.hasSuffix("/") ? String(folded.dropLast()) : folded
    }
}

/// IBM code page 437, what ZIP names are in when nothing says otherwise.
enum CodePage437 {
    private static let high = Array(
        """
        ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀\
        αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{A0}
        """.unicodeScalars)

    static func decode(_ bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        for byte in bytes { text.append(byte < 0x80 ? Unicode.Scalar(byte) : high[Int(byte) - 0x80]) }
        return String(text)
    }
}
