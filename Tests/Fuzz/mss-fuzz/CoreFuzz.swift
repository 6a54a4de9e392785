import MSSCore

/// Bytes of the fuzzer as text; invalid UTF-8 is replaced, as in a program that decoded its input.
private func text(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> String {
    String(decoding: UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count), as: UTF8.self)
}

/// An address that was read is within bounds, is written without control characters, and reads back equal.
let fuzzMailAddress: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let text = text(bytes, count)
    for internationalized in [false, true] {
        guard let address = try? MailAddress(text, internationalized: internationalized) else { continue }
        let written = address.text
        precondition(written.utf8.count <= MailAddress.maximumLength)
        precondition(written.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
        precondition(internationalized || written.utf8.allSatisfy { $0 < 0x80 })
        let again = try? MailAddress(written, internationalized: internationalized)
        precondition(again == address && again?.localPart.utf8.elementsEqual(address.localPart.utf8) == true)
        precondition(!address.isPatientDomain || address.description == "usager@patient.mssante.fr")
        _ = try? DirectoryMailAddress(address)
        _ = try? PatientAddress(address)
    }
    return 0
}

/// A domain that was read is lower-case ASCII within bounds, and reads back as itself.
let fuzzDomain: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    guard let domain = try? Domain(text(bytes, count)) else { return 0 }
    precondition(domain.ascii.utf8.count <= Domain.maximumLength)
    precondition(domain.labels.allSatisfy { (1...Domain.maximumLabelLength).contains($0.utf8.count) })
    precondition(domain.ascii == domain.ascii.lowercased() && domain.ascii.utf8.allSatisfy { $0 < 0x80 })
    guard let again = try? Domain(domain.ascii) else { fatalError("not read back") }
    precondition(again.ascii.utf8.elementsEqual(domain.ascii.utf8))
    return 0
}

/// A name that was read from text is printed as text and as DER that read back equal.
let fuzzDistinguishedNameText: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    guard let name = try? DistinguishedName(rfc4514: text(bytes, count)) else { return 0 }
    checkDistinguishedName(name)
    return 0
}

/// A name that was read from DER prints as text that reads back equal.
let fuzzDistinguishedNameDER: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    guard let name = try? DistinguishedName(der: UnsafeBufferPointer(start: bytes, count: count)) else { return 0 }
    checkDistinguishedName(name)
    return 0
}

private func checkDistinguishedName(_ name: DistinguishedName) {
    // What is written may be longer than what was read (escapes, hexadecimal): only then may reading refuse it.
    let text = name.rfc4514
    if text.utf8.count <= DistinguishedName.maximumLength {
        guard let again = try? DistinguishedName(rfc4514: text) else { fatalError("text not read back: \(text)") }
        precondition(again == name && again.hashValue == name.hashValue)
        precondition(again.rfc4514.utf8.elementsEqual(text.utf8))
    }
    let der = name.der
    if der.count <= DistinguishedName.maximumLength {
        guard let again = try? DistinguishedName(der: der) else { fatalError("DER not read back") }
        precondition(again == name && again.der == der)
    }
    _ = name.structureIdentifier
    _ = name.department
}

/// A time that was read prints as text that reads back as the same time, in every format.
let fuzzTimestamp: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let text = text(bytes, count)
    if let time = try? Timestamp(xsdDateTime: text, offsetWhenMissing: 0) { checkTimestamp(time) }
    if let time = try? Timestamp(rfc3339: text) { checkTimestamp(time) }
    if let time = try? Timestamp(asn1UTCTime: text.utf8) {
        guard let written = time.asn1UTCTime else { fatalError("UTCTime not written") }
        precondition((try? Timestamp(asn1UTCTime: written.utf8)) == time)
        checkTimestamp(time)
    }
    if let time = try? Timestamp(asn1GeneralizedTime: text.utf8) { checkTimestamp(time) }
    return 0
}

private func checkTimestamp(_ time: Timestamp) {
    precondition((try? Timestamp(xsdDateTime: time.xsdDateTime)) == time)
    if let text = time.rfc3339 { precondition((try? Timestamp(rfc3339: text)) == time) }
}

/// A reply is always well formed, whatever text it was made from; what was parsed writes lines that parse equal.
let fuzzSMTPReply: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let text = text(bytes, count)
    let made = SMTPReply(code: 550, enhanced: "5.7.1", text: text)
    precondition(made.lines.count <= SMTPReply.maximumLines && !made.lines.isEmpty)
    let wire = made.wire
    precondition(wire.utf8.allSatisfy { $0 >= 0x20 || $0 == 0x0D || $0 == 0x0A || $0 == 0x09 })
    let lines = wire.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    precondition(lines.last == "" && lines.dropLast().allSatisfy { $0.utf8.last == 0x0D && $0.utf8.count <= 511 })
    let parsedBack = try? SMTPReply.parse(
        lines: lines.dropLast().map { String(decoding: $0.utf8.dropLast(), as: UTF8.self) })
    precondition(parsedBack?.code == made.code && parsedBack?.enhanced == made.enhanced)
    precondition(parsedBack?.lines == made.lines)

    let given = text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).map {
        String(decoding: $0, as: UTF8.self)
    }
    if let reply = try? SMTPReply.parse(lines: given) {
        precondition(reply.lines.count == given.count)
        let again = SMTPReply(code: reply.code, enhanced: reply.enhanced, text: reply.lines.joined(separator: "\n"))
        precondition(again.lines.count >= reply.lines.count)
    }
    return 0
}

/// No identifier's reader traps, and what was read reads back.
let fuzzIdentifiers: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let text = text(bytes, count)
    if let identifier = try? StructureIdentifier(text) {
        precondition((try? StructureIdentifier(identifier.text)) == identifier)
    }
    if let identifier = try? PersonIdentifier(text) {
        precondition((try? PersonIdentifier(identifier.text)) == identifier)
    }
    if let matricule = try? INSMatricule(text) { precondition(matricule.text.utf8.count == 15) }
    if let department = try? Department(st: text) {
        precondition((try? Department(st: department.st))?.code == department.code)
    }
    if let oid = OID(dotted: text) { precondition(OID(dotted: oid.description) == oid) }
    if let oid = OID(derContent: UnsafeBufferPointer(start: bytes, count: count)) {
        precondition(OID(dotted: oid.description) == oid)
    }
    if let literal = AddressLiteral(text) { precondition(AddressLiteral(literal.description) == literal) }
    return 0
}
