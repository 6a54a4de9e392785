/// Text work for the tests.
enum Templates {
    /// An unsigned signature template for xmlsec1.
    static func signature(keyInfo: String, uri: String = "") -> String {
        """
        <ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:SignedInfo><ds:CanonicalizationMethod \
        Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><ds:SignatureMethod \
        Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><ds:Reference URI="\(uri)"><ds:Transforms>\
        <ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/><ds:Transform \
        Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/></ds:Transforms><ds:DigestMethod \
        Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>\
        <ds:SignatureValue/><ds:KeyInfo>\(keyInfo)</ds:KeyInfo></ds:Signature>
        """
    }
}

extension StringProtocol {
    func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }

    func replacingFirst(_ old: String, _ new: String) -> String {
        guard let range = range(of: old) else { return String(self) }
        return self[..<range.lowerBound] + new + self[range.upperBound...]
    }

    func replacingAll(_ old: String, _ new: String) -> String {
        guard let range = range(of: old) else { return String(self) }
        return self[..<range.lowerBound] + new + String(self[range.upperBound...]).replacingAll(old, new)
    }

    /// With another content of a `ds:` element.
    func emptied(_ tag: String, with content: String = "") -> String {
        guard let open = range(of: "<ds:\(tag)>"), let close = range(of: "</ds:\(tag)>") else { return String(self) }
        return self[..<open.upperBound] + content + self[close.lowerBound...]
    }
}

func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var text = ""
    for start in stride(from: 0, to: bytes.count, by: 3) {
        let group = (0..<3).map { start + $0 < bytes.count ? Int(bytes[start + $0]) : 0 }
        let value = group[0] << 16 | group[1] << 8 | group[2]
        for digit in 0..<4 {
            text.append(start + digit - 1 < bytes.count ? alphabet[value >> (18 - 6 * digit) & 63] : "=")
        }
    }
    return text
}
