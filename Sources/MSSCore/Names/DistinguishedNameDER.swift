extension DistinguishedName {
    /// Reads a DER `Name` (RFC 5280 §4.1.2.4): the whole of `der` is one `RDNSequence`.
    public init(der: some Collection<UInt8>) throws(DistinguishedNameError) {
        guard der.count <= DistinguishedName.maximumLength else { throw .tooLong }
        var outer = DERReader(der)
        var sequence = try outer.read(tag: 0x30, "a SEQUENCE")
        guard outer.isAtEnd else { throw .malformedDER("nothing after the name") }
        var relativeNames: [[Attribute]] = []
        var count = 0
        while !sequence.isAtEnd {
            var set = try sequence.read(tag: 0x31, "a SET")
            var relativeName: [Attribute] = []
            while !set.isAtEnd {
                count += 1
                guard count <= DistinguishedName.maximumAttributes else { throw .tooManyAttributes }
                var attribute = try set.read(tag: 0x30, "an attribute SEQUENCE")
                guard let identifier = attribute.read(), identifier.tag == 0x06,
                    let oid = OID(derContent: identifier.content)
                else { throw .malformedDER("an OBJECT IDENTIFIER") }
                let value = try AttributeValue(reading: &attribute)
                guard attribute.isAtEnd else { throw .malformedDER("the end of an attribute") }
                relativeName.append(Attribute(AttributeType(oid), value))
            }
            guard !relativeName.isEmpty else { throw .malformedDER("an attribute in the SET") }
            relativeNames.append(relativeName)
        }
        self.init(relativeNames: relativeNames)
    }

    /// The DER `Name`. A name read from DER is written back byte for byte; a set of several attributes made from text
    /// is sorted as DER wants (X.690 §11.6).
    public var der: [UInt8] {
        var sequence: [UInt8] = []
        for relativeName in relativeNames {
            var elements = relativeName.map { attribute in
                DERWriter.element(
                    0x30, DERWriter.element(0x06, attribute.type.oid.derContent) + attribute.value.der)
            }
            if elements.count > 1 { elements.sort { $0.lexicographicallyPrecedes($1) } }
            sequence += DERWriter.element(0x31, elements.joined())
        }
        return DERWriter.element(0x30, sequence)
    }
}

extension AttributeValue {
    /// Reads one DER element: text of any of the directory's string types, or an opaque value.
    init(reading reader: inout DERReader) throws(DistinguishedNameError) {
        guard let element = reader.read() else { throw .malformedDER("an attribute value") }
        let content = element.content
        switch element.tag {
        case 0x0C:
            guard let text = String(validating: content, as: UTF8.self), !content.contains(0) else {
                throw .invalidText
            }
            self.init(text: text, encoding: .utf8String)
        case 0x12, 0x13, 0x16:
            // Issuers put more into PrintableString than its alphabet (`@`, `&`, `*`): any ASCII is taken.
            guard content.allSatisfy({ $0 < 0x80 && $0 != 0 }) else { throw .invalidText }
            let encoding: Encoding =
                element.tag == 0x12 ? .numericString : element.tag == 0x13 ? .printableString : .ia5String
            self.init(text: String(decoding: content, as: UTF8.self), encoding: encoding)
        case 0x14:
            guard !content.contains(0) else { throw .invalidText }
            var text = String.UnicodeScalarView()
            for byte in content { text.append(Unicode.Scalar(byte)) }
            self.init(text: String(text), encoding: .teletexString)
        case 0x1E: self.init(text: try AttributeValue.wideText(content, width: 2), encoding: .bmpString)
        case 0x1C: self.init(text: try AttributeValue.wideText(content, width: 4), encoding: .universalString)
        default: self.init(text: "", encoding: .other(Array(element.encoding)))
        }
    }

    /// Big-endian UCS-2 or UCS-4; surrogates are refused.
    private static func wideText(
        _ content: ArraySlice<UInt8>, width: Int
    ) throws(DistinguishedNameError) -> String {
        guard content.count % width == 0 else { throw .invalidText }
        var text = String.UnicodeScalarView()
        var index = content.startIndex
        while index < content.endIndex {
            let value = content[index..<(index + width)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            guard value != 0, let scalar = Unicode.Scalar(value) else { throw .invalidText }
            text.append(scalar)
            index += width
        }
        return String(text)
    }

    /// The DER element of the value. Text that its string type cannot hold is written as `UTF8String`.
    var der: [UInt8] {
        let scalars = text.unicodeScalars
        switch encoding {
        case .other(let der): return der
        case .utf8String: break
        case .printableString, .ia5String, .numericString:
            guard scalars.allSatisfy(\.isASCII) else { break }
            let tag: UInt8 = encoding == .numericString ? 0x12 : encoding == .printableString ? 0x13 : 0x16
            return DERWriter.element(tag, Array(text.utf8))
        case .teletexString:
            guard scalars.allSatisfy({ $0.value <= 0xFF }) else { break }
            return DERWriter.element(0x14, scalars.map { UInt8($0.value) })
        case .bmpString:
            guard scalars.allSatisfy({ $0.value <= 0xFFFF }) else { break }
            return DERWriter.element(0x1E, scalars.flatMap { [UInt8($0.value >> 8), UInt8($0.value & 0xFF)] })
        case .universalString:
            return DERWriter.element(
                0x1C,
                scalars.flatMap { scalar in
                    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: scalar.value >> $0) }
                })
        }
        return DERWriter.element(0x0C, Array(text.utf8))
    }
}
