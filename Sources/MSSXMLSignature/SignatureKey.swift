import CXMLSecShim
import MSSXML

/// The key that a signature is verified with, and how it was found.
enum SignatureKey {
    /// A certificate's, the first of the list; the others came with it.
    case certificates([[UInt8]])
    case secret([UInt8])
    case keyValue

    /// Finds the key that a signature points to, from the sources that the profile allows.
    static func find(_ shape: SignatureShape, _ profile: SignatureProfile, _ trust: SignatureTrust)
        throws(SignatureFailure) -> SignatureKey
    {
        let namespace = SignatureShape.namespace
        let items = shape.keyInfo.map(SignatureShape.children) ?? []
        if !profile.allowsUnusedKeyInfo && profile.keySources == [.certificate] {
            // EX_2.2_5050: the certificate stands in X509Data. A bare KeyValue beside it is a sign of attack.
            guard items.count == 1, items[0].isNamed("X509Data", in: namespace) else {
                throw SignatureFailure(.keyNotAllowed, profile)
            }
        }
        let data = items.filter { $0.isNamed("X509Data", in: namespace) }.flatMap(SignatureShape.children)
        for source in profile.keySources {
            switch source {
            case .certificate:
                let found = try certificates(data, profile)
                if !found.isEmpty { return .certificates(found) }
            case .certificateReference:
                if let found = referenced(data, trust.certificates) { return .certificates([found]) }
            case .name:
                for item in items where item.isNamed("KeyName", in: namespace) {
                    if let found = trust.namedKeys[trimmed(item.text)] { return .certificates([found]) }
                }
            case .unprovenKeyValue:
                if items.contains(where: { $0.isNamed("KeyValue", in: namespace) }) { return .keyValue }
            case .secret:
                if let secret = trust.secret { return .secret(secret) }
            }
        }
        throw SignatureFailure(.keyNotAllowed, profile)
    }

    /// The certificates of X509Data, the signer's first.
    private static func certificates(_ data: [XMLTree.Element], _ profile: SignatureProfile)
        throws(SignatureFailure) -> [[UInt8]]
    {
        var signers: [[UInt8]] = []
        var others: [[UInt8]] = []
        let elements = data.filter { $0.isNamed("X509Certificate", in: SignatureShape.namespace) }
        guard elements.count <= profile.maximumItems else {
            throw SignatureFailure(.shape("too many certificates"), profile)
        }
        for element in elements {
            var facts = mxs_certificate_facts()
            guard let der = Base64.decode(element.text), der.withShim({ mxs_certificate_inspect($0, &facts) }) == 0
            else {
                throw SignatureFailure(.unreadableKey, profile)
            }
            if facts.is_ca != 0 { others.append(der) } else { signers.append(der) }
        }
        // The same certificate twice is one certificate.
        signers = signers.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        if signers.isEmpty, let authority = others.first {
            // A CA's own certificate: refused as a signer by the check of its usage.
            return [authority]
        }
        guard signers.count <= 1 else { throw SignatureFailure(.shape("several signer certificates"), profile) }
        return signers + others
    }

    /// The certificate that IssuerSerial, SKI or SubjectName names among those supplied.
    private static func referenced(_ data: [XMLTree.Element], _ known: [[UInt8]]) -> [UInt8]? {
        let namespace = SignatureShape.namespace
        for element in data {
            let index = withShim(known) { list -> CInt in
                switch element.localName {
                case "X509SubjectName":
                    return mxs_certificate_find(list, list.count, trimmed(element.text), nil, nil, nil, 0)
                case "X509IssuerSerial":
                    guard let issuer = element.child(named: "X509IssuerName", in: namespace),
                        let serial = element.child(named: "X509SerialNumber", in: namespace)
                    else { return -1 }
                    return mxs_certificate_find(
                        list, list.count, nil, trimmed(issuer.text), trimmed(serial.text), nil, 0)
                case "X509SKI":
                    guard let ski = Base64.decode(element.text) else { return -1 }
                    return mxs_certificate_find(list, list.count, nil, nil, nil, ski, ski.count)
                default: return -1
                }
            }
            if index >= 0 { return known[Int(index)] }
        }
        return nil
    }

    private static func trimmed(_ text: String) -> String {
        let blank: (Character) -> Bool = { $0 == " " || $0 == "\n" || $0 == "\t" || $0 == "\r" || $0 == "\r\n" }
        return String(text.drop(while: blank).reversed().drop(while: blank).reversed())
    }
}

/// Base 64 as XML Schema's `base64Binary`: white space anywhere, padding complete, nothing else.
enum Base64 {
    static func decode(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        out.reserveCapacity(text.utf8.count / 4 * 3)
        var group: UInt32 = 0
        var digits = 0
        var padding = 0
        for byte in text.utf8 {
            let value: UInt32
            switch byte {
            case 0x41...0x5A: value = UInt32(byte - 0x41)
            case 0x61...0x7A: value = UInt32(byte - 0x61 + 26)
            case 0x30...0x39: value = UInt32(byte - 0x30 + 52)
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            case UInt8(ascii: "="):
                padding += 1
                value = 0
            case 0x20, 0x09, 0x0A, 0x0D: continue
            default: return nil
            }
            if padding > 0 && byte != UInt8(ascii: "=") || padding > 2 { return nil }
            group = group << 6 | value
            digits += 1
            if digits == 4 {
                out += [
                    UInt8(truncatingIfNeeded: group >> 16), UInt8(truncatingIfNeeded: group >> 8),
                    UInt8(truncatingIfNeeded: group),
                ]
                group = 0
                digits = 0
            }
        }
        guard digits == 0, !out.isEmpty else { return nil }
        out.removeLast(padding)
        return out
    }
}
