internal import Glibc
public import MSSCore

extension TestWhitelist {
    /// Reads a list in the published file's layout, signed or not, so that the sandbox can add to it.
    ///
    /// It looks for the elements alone and judges nothing: the copy of the public repository, whose root does not end, is
    /// read as well. Signatures are left behind.
    ///
    /// - Parameters:
    ///   - xml: the file.
    ///   - generated: the new date of generation; the file's own when absent.
    /// - Throws: ``TestFormatError`` when there is no list in it.
    public init(reading xml: [UInt8], generated: Timestamp? = nil) throws {
        let text = xml[...]
        var list: [Entry] = []
        var rest = text
        while let (content, after) = Self.element("Domaine", in: rest) {
            guard let name = Self.value("Nom", in: content),
                let holder = Self.value("DNCertificatOperateur", in: content),
                let date = Self.value("DateMAJ", in: content), let updated = try? Timestamp(xsdDateTime: date)
            else { throw TestFormatError("whitelist entry \(list.count + 1): not understood") }
            list.append(
                Entry(
                    name: name, description: Self.value("Description", in: content) ?? "", certificateName: holder,
                    updated: updated))
            rest = after
        }
        guard
            let date = generated
                ?? Self.value("DateDeGeneration", in: text).flatMap({ try? Timestamp(xsdDateTime: $0) }),
            !list.isEmpty
        else { throw TestFormatError("no whitelist") }
        self.init(generated: date, formatVersion: Self.value("versionFormat", in: text), entries: list)
    }

    private static func element(
        _ name: String, in text: ArraySlice<UInt8>
    ) -> (content: ArraySlice<UInt8>, rest: ArraySlice<UInt8>)? {
        guard let start = find("<\(name)>", in: text), let end = find("</\(name)>", in: text[start.upperBound...])
        else {
            return nil
        }
        return (text[start.upperBound..<end.lowerBound], text[end.upperBound...])
    }

    /// The first occurrence of a tag.
    private static func find(_ tag: String, in text: ArraySlice<UInt8>) -> Range<Int>? {
        let needle = Array(tag.utf8)
        return text.withUnsafeBytes { bytes in
            var offset = 0
            while bytes.count - offset >= needle.count, let base = bytes.baseAddress,
                let found = memchr(base + offset, CInt(needle[0]), bytes.count - offset)
            {
                offset = base.distance(to: UnsafeRawPointer(found))
                if bytes.count - offset >= needle.count, memcmp(base + offset, needle, needle.count) == 0 {
                    return text.startIndex + offset..<text.startIndex + offset + needle.count
                }
                offset += 1
            }
            return nil
        }
    }

    private static func value(_ name: String, in text: ArraySlice<UInt8>) -> String? {
        guard let (content, _) = element(name, in: text) else { return nil }
        let value = String(decoding: content, as: UTF8.self)
        guard content.contains(UInt8(ascii: "&")) else { return value }
        return value.replacing("&lt;", with: "<").replacing("&gt;", with: ">").replacing("&quot;", with: "\"")
            .replacing("&apos;", with: "'").replacing("&#xD;", with: "\r").replacing("&amp;", with: "&")
    }
}
