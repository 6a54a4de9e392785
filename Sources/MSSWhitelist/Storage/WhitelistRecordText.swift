import MSSCore

extension WhitelistRecord {
    /// The record as lines of `name: value`, for the file beside the document.
    public var text: String {
        var lines = [
            ("sha256", digest), ("genere", generated.xsdDateTime), ("verifie", verifiedAt.xsdDateTime),
            ("confirme", confirmedAt.xsdDateTime), ("signataire", signer), ("empreinte-signataire", signerFingerprint),
            ("domaines", String(domainCount)),
        ]
        if let validators {
            lines.append(("url", validators.url))
            if let tag = validators.entityTag { lines.append(("etag", tag)) }
            if let date = validators.lastModified { lines.append(("last-modified", date)) }
        }
        // A value never holds a line break: names and headers are refused or escaped where they are read.
        return lines.map { "\($0.0): \(WhitelistRecord.onOneLine($0.1))\n" }.joined()
    }

    private static func onOneLine(_ value: String) -> String {
        var text = String.UnicodeScalarView()
        for scalar in value.unicodeScalars { text.append(scalar.value < 0x20 || scalar.value == 0x7F ? " " : scalar) }
        return String(text)
    }

    /// Reads a record; `nil` when a field is missing or unreadable.
    public init?(text: String) {
        // A record cut short: its last value may be part of one.
        guard text.utf8.last == UInt8(ascii: "\n") else { return nil }
        var fields: [String: String] = [:]
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
            let value = line[line.index(after: colon)...].drop { $0 == 0x20 }
            fields[String(decoding: line[..<colon], as: UTF8.self)] = String(decoding: value, as: UTF8.self)
        }
        func time(_ name: String) -> Timestamp? { fields[name].flatMap { try? Timestamp(xsdDateTime: $0) } }
        guard let digest = fields["sha256"], let generated = time("genere"), let verifiedAt = time("verifie"),
            let confirmedAt = time("confirme"), let signer = fields["signataire"],
            let signerFingerprint = fields["empreinte-signataire"],
            let domainCount = fields["domaines"].flatMap({ Int($0) })
        else { return nil }
        self.init(
            digest: digest, generated: generated, verifiedAt: verifiedAt, confirmedAt: confirmedAt, signer: signer,
            signerFingerprint: signerFingerprint, domainCount: domainCount,
            validators: fields["url"].map {
                WhitelistValidators(url: $0, entityTag: fields["etag"], lastModified: fields["last-modified"])
            })
    }
}
