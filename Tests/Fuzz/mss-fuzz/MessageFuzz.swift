import MSSCore
import MSSMessage

/// Everything of a structure that both ways of parsing must agree on.
private func outline(_ structure: MessageStructure) -> [String] {
    structure.parts.map { part in
        "\(part.parent ?? -1) \(part.kind) \(part.headerRange) \(part.bodyRange) \(part.bodyLines) \(part.bodyBareLineFeeds) "
            + "\(part.traits.rawValue) " + part.header.map { "\($0.name)@\($0.range)" }.joined(separator: "|")
    } + structure.diagnostics.map { "\($0.kind) \($0.offset) \($0.count)" }
}

private func octets(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// Whole and chunked parses agree, ranges lie within their parents, every view and decoder returns.
/// The first octet chooses the chunk size.
let fuzzMessage: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let input = octets(bytes, count)
    guard let first = input.first else { return 0 }
    let text = Array(input.dropFirst())
    var limits = MessageLimits()
    limits.depth = 8
    limits.parts = 40
    limits.headerBytes = 2000
    limits.totalHeaderBytes = 5000
    limits.fields = 30
    limits.totalFields = 100
    let message = Message(text, limits: limits)
    var parser = StructureParser(limits: limits)
    let size = Int(first) + 1
    var index = 0
    while index < text.count {
        parser.append(text[index..<min(index + size, text.count)])
        index += size
    }
    precondition(outline(parser.finish()) == outline(message.structure), "chunks of \(size) differ")
    precondition(message.parts.count <= limits.parts)
    for part in message.parts {
        precondition(part.headerRange.upperBound <= part.bodyRange.lowerBound && part.range.upperBound <= text.count)
        if let parent = part.parent {
            let outer = message.parts[parent].bodyRange
            precondition(part.range.lowerBound >= outer.lowerBound && part.range.upperBound <= outer.upperBound)
        }
        if part.kind == .leaf { _ = message.text(of: part) }
        _ = message.embeddedMessage(of: part, limits: limits)
        _ = Envelope(part.header).imapBytes
    }
    _ = message.structure.imapBodyStructure(extended: true)
    _ = message.views
    return 0
}

/// Field values: every reader returns; an address list or media type that we write reads back the same.
let fuzzFieldValue: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let input = octets(bytes, count)
    let field = Message(Array("X: ".utf8) + input).header.first("X")
    guard let field else { return 0 }
    _ = field.text
    _ = field.messageIDs
    let list = field.addresses()
    for mailbox in list.mailboxes { _ = (mailbox.mailAddress, mailbox.displayName) }
    if let type = field.contentType { _ = type.essence }
    if let date = field.date {
        let again = MessageDate(parsing: date.rfc5322)
        precondition(again == date, "date \(date.rfc5322)")
    }
    _ = BaseSubject(field.text)
    return 0
}

/// A subject, a name and a file name of any text: refused, or written so that they read back the same.
let fuzzWriter: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let text = String(decoding: octets(bytes, count), as: UTF8.self)
    let lines = text.split(separator: "\u{1F}", omittingEmptySubsequences: false).map(String.init)
    let subject = lines[0]
    let name = lines.count > 1 ? lines[1] : ""
    let file = lines.count > 2 ? lines[2] : "x"
    let body = lines.count > 3 ? lines[3] : ""
    for mode in [WriterOptions.Mode.sevenBit, .eightBitMIME, .smtpUTF8] {
        var message = OutgoingMessage(
            from: Mailbox(name: name.isEmpty ? nil : name, address: "a@b.fr"), to: [], subject: subject,
            content: .mixed(.text(body), attachments: [.attachment(file, ContentSource(Array(body.utf8)))]))
        message.date = MessageDate(Timestamp(seconds: 0))
        var options = WriterOptions()
        options.mode = mode
        guard var writer = try? MessageWriter(message, options: options), let output = try? writer.bytes() else {
            continue
        }
        let read = Message(output)
        precondition(
            read.structure.diagnostics.allSatisfy { $0.kind == .eightBitHeader }, "\(read.structure.diagnostics)")
        if mode == .sevenBit { precondition(output.allSatisfy { $0 < 128 }) }
        precondition(read.header.subject == subject, "subject")
        precondition(read.header.from.mailboxes.first?.name == message.from[0].name, "name")
        precondition(read.parts.count == 3)
        precondition(read.parts[2].filename == file, "file")
        precondition(read.content(of: read.parts[2]) == Array(body.utf8))
    }
    return 0
}
