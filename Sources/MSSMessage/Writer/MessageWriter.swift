import MSSCore

/// Writes a message as octets, chunk by chunk: headers are made at once, contents are read and encoded as they are
/// pulled, so memory does not grow with attachments.
///
/// Every line ends with CRLF, none passes 998 octets, no bare CR or LF is ever written, and no value can add a header
/// field: values with CR, LF or NUL are refused (``WriterError/forbiddenCharacter(field:)``).
public struct MessageWriter {
    enum Segment {
        case bytes([UInt8])
        case base64(ContentSource)
        /// Identity-encoded content of a source, checked as it passes.
        case lines(ContentSource, TransferEncoding)
    }

    /// The message identifier written, without angle brackets.
    public let messageID: String
    /// The date written.
    public let date: MessageDate
    /// Whether the output holds octets above 127 in a body, so that the next hop must offer 8BITMIME (RFC 6152).
    public internal(set) var needsEightBitMIME = false
    /// Whether a header holds UTF-8, so that the next hop must offer SMTPUTF8 (RFC 6531).
    public internal(set) var needsSMTPUTF8 = false

    private var segments: [Segment] = []
    private var next = 0
    private var pull: ContentSource.Pull?
    private var asyncPull: ContentSource.AsyncPull?
    private var encoder = Base64LineEncoder()
    private var lineState = LineGuard()
    private let options: WriterOptions

    /// Prepares a message; boundaries and identifiers are random.
    public init(_ message: OutgoingMessage, options: WriterOptions = WriterOptions()) throws(WriterError) {
        try self.init(message, options: options, random: SystemRandomNumberGenerator())
    }

    /// Prepares a message; boundaries and identifiers come from `random`, so that tests can repeat them.
    public init(
        _ message: OutgoingMessage, options: WriterOptions, random: some RandomNumberGenerator
    ) throws(WriterError) {
        var random = AnyRandom(base: random)
        self.options = options
        date = message.date ?? MessageDate(options.clock.now(), zoneMinutes: options.zoneMinutes)
        let domain = options.messageIDDomain ?? message.from.first?.domain ?? "localhost"
        messageID = message.messageID ?? "\(random.letters(26))@\(domain)"
        var fields: [OutgoingField] = [OutgoingField("Date", .date(date))]
        if !message.from.isEmpty {
            fields.append(OutgoingField("From", .addresses(message.from.map { .mailbox($0) })))
        }
        if let sender = message.sender { fields.append(OutgoingField("Sender", .addresses([.mailbox(sender)]))) }
        if !message.replyTo.isEmpty { fields.append(OutgoingField("Reply-To", .addresses(message.replyTo))) }
        if !message.to.isEmpty { fields.append(OutgoingField("To", .addresses(message.to))) }
        if !message.cc.isEmpty { fields.append(OutgoingField("Cc", .addresses(message.cc))) }
        if let subject = message.subject { fields.append(OutgoingField("Subject", .text(subject))) }
        fields.append(OutgoingField("Message-ID", .messageIDs([messageID])))
        // They come from the message answered, of whoever wrote it, and serve threading only: one that cannot be written
        // must not cost the answer. (One that would end the line is refused as any value is.)
        for (name, identifiers) in [("In-Reply-To", message.inReplyTo), ("References", message.references)] {
            let fit = identifiers.filter { HeaderWriter.isWritable($0) || HeaderWriter.endsLine($0) }
            if !fit.isEmpty { fields.append(OutgoingField(name, .messageIDs(fit))) }
        }
        fields += message.fields
        fields.append(OutgoingField("MIME-Version", .tokens("1.0")))
        try add(message.content, fields: fields, random: &random)
        // The last line of a message ends like the others, so that what follows on the wire stands on its own.
        if case .bytes(let last)? = segments.last, last.last != Ascii.lf { add([Ascii.cr, Ascii.lf]) }
    }

    /// Prepares a part alone, as it stands within a multipart.
    init(part: OutgoingPart, options: WriterOptions) throws(WriterError) {
        var random = AnyRandom(base: SystemRandomNumberGenerator())
        self.options = options
        date = MessageDate(options.clock.now(), zoneMinutes: options.zoneMinutes)
        messageID = ""
        try add(part, fields: [], random: &random)
    }

    // MARK: Preparation

    private mutating func add(_ bytes: [UInt8]) {
        if case .bytes(var last)? = segments.last, last.count + bytes.count <= options.chunkBytes {
            segments.removeLast()  // leaves `last` the only owner: it grows in place
            last += bytes
            segments.append(.bytes(last))
        } else if !bytes.isEmpty {
            segments.append(.bytes(bytes))
        }
    }

    private mutating func addHeader(_ fields: [OutgoingField]) throws(WriterError) {
        var writer = HeaderWriter(utf8: options.mode == .smtpUTF8)
        for field in fields { try writer.write(field) }
        let block = writer.finish()
        if block.contains(where: { $0 > 127 }) { needsSMTPUTF8 = true }
        add(block)
    }

    private mutating func add(
        _ part: OutgoingPart, fields outer: [OutgoingField], random: inout AnyRandom
    ) throws(WriterError) {
        var type = part.contentType
        if let name = part.disposition?.filename, type.parameters["name"] == nil, type.type != "multipart" {
            type.parameters["name"] = name
        }
        var fields = outer
        func describe(_ encoding: TransferEncoding?) {
            fields.append(OutgoingField("Content-Type", .parameterized(type.essence, type.parameters)))
            if let encoding { fields.append(OutgoingField("Content-Transfer-Encoding", .tokens(encoding.name))) }
            if let disposition = part.disposition {
                fields.append(
                    OutgoingField("Content-Disposition", .parameterized(disposition.kind, disposition.parameters)))
            }
            if let contentID = part.contentID { fields.append(OutgoingField("Content-ID", .messageIDs([contentID]))) }
            fields += part.fields
        }
        switch part.content {
        case .text(let text):
            let encoded = try TextEncoding(text: text, forced: part.encoding, mode: options.mode)
            let ascii = text.utf8.allSatisfy { $0 < 128 }
            if type.type == "text", type.parameters["charset"] == nil {
                type.parameters["charset"] = ascii ? "us-ascii" : "utf-8"
            }
            if encoded.encoding == .eightBit { needsEightBitMIME = true }
            describe(encoded.encoding)
            try addHeader(fields)
            add(encoded.octets)
        case .octets(let source):
            switch part.encoding ?? .base64 {
            case .base64:
                describe(.base64)
                try addHeader(fields)
                segments.append(.base64(source))
            case let identity where identity == .sevenBit || (identity == .eightBit && options.mode != .sevenBit):
                if identity == .eightBit { needsEightBitMIME = true }
                describe(identity)
                try addHeader(fields)
                segments.append(.lines(source, identity))
            case let other: throw .unsuitableEncoding(other)
            }
        case .message(let bytes):
            // RFC 2046 §5.2.1 forbids encoding `message/rfc822`; where the next hop cannot carry its octets it travels
            // as `message/global`, which RFC 6532 §3.7 lets be encoded.
            let canonical = TextEncoding.canonical(bytes)
            let census = TextEncoding.Census(canonical)
            let fits = census.longestLine <= HeaderWriter.hardLimit && !census.nul
            if fits, !census.eightBit || options.mode != .sevenBit {
                if census.eightBit { needsEightBitMIME = true }
                describe(census.eightBit ? .eightBit : .sevenBit)
                try addHeader(fields)
                add(canonical)
            } else {
                if type.essence == "message/rfc822" { type.subtype = "global" }
                if type.essence == "text/rfc822-headers" { type = ContentType("message", "global-headers") }
                describe(.base64)
                try addHeader(fields)
                segments.append(.base64(ContentSource(canonical)))
            }
        case .parts(let parts):
            // "=_" can stand neither in base64 nor in quoted-printable (RFC 2045 §6.7 note); 130 random bits else.
            let boundary = "=_" + random.letters(26)
            type.parameters["boundary"] = boundary
            describe(nil)
            try addHeader(fields)
            for part in parts {
                add(Array("\r\n--\(boundary)\r\n".utf8))
                try add(part, fields: [], random: &random)
            }
            add(Array("\r\n--\(boundary)--\r\n".utf8))
        }
    }

    // MARK: Output

    /// The next octets, `nil` at the end. A source that fails ends the writing with its error.
    public mutating func nextChunk() throws -> [UInt8]? {
        while next < segments.count {
            switch segments[next] {
            case .bytes(let bytes):
                next += 1
                return bytes
            case .base64(let source), .lines(let source, _):
                if pull == nil { pull = try open(source) }
                guard let chunk = try pull!() else {
                    if let last = try finishSource() { return last }
                    continue
                }
                let output = try encode(chunk)
                if !output.isEmpty { return output }
            }
        }
        return nil
    }

    /// The next octets, `nil` at the end; sources may make it wait.
    public mutating func nextChunkAsync() async throws -> [UInt8]? {
        while next < segments.count {
            guard let source = presentSource, case .async(let open) = source.storage else { return try nextChunk() }
            if asyncPull == nil { asyncPull = try await open() }
            guard let chunk = try await asyncPull!() else {
                asyncPull = nil
                if let last = try finishSource() { return last }
                continue
            }
            let output = try encode(chunk)
            if !output.isEmpty { return output }
        }
        return nil
    }

    /// The source of the present segment.
    private var presentSource: ContentSource? {
        switch segments[next] {
        case .base64(let source), .lines(let source, _): source
        case .bytes: nil
        }
    }

    private func open(_ source: ContentSource) throws -> ContentSource.Pull {
        switch source.storage {
        case .pull(let open): return try open()
        case .async: throw WriterError.asynchronousSource
        case .bytes(let bytes):
            // Slices of whole base64 lines, so that nothing is carried from one to the next.
            let size = max(options.chunkBytes / 78, 1) * Base64LineEncoder.line
            var position = 0
            return {
                guard position < bytes.count else { return nil }
                let end = min(position + size, bytes.count)
                defer { position = end }
                return Array(bytes[position..<end])
            }
        }
    }

    private mutating func encode(_ chunk: [UInt8]) throws -> [UInt8] {
        switch segments[next] {
        case .base64: return chunk.withUnsafeBytes { encoder.encode($0) }
        case .lines(_, let encoding): return try lineState.pass(chunk, encoding)
        case .bytes(let bytes): return bytes
        }
    }

    private mutating func finishSource() throws -> [UInt8]? {
        var last: [UInt8] = []
        if case .base64 = segments[next] { last = encoder.finish() }
        pull = nil
        lineState = LineGuard()
        next += 1
        return last.isEmpty ? nil : last
    }

    /// Writes all that is left into `sink`, chunk by chunk.
    public mutating func write(to sink: ([UInt8]) throws -> Void) throws {
        while let chunk = try nextChunk() { try sink(chunk) }
    }

    /// Everything that is left, in memory.
    public mutating func bytes() throws -> [UInt8] {
        var all: [UInt8] = []
        while let chunk = try nextChunk() { all += chunk }
        return all
    }
}

/// Lets identity-encoded lines pass when they keep the rules of their encoding, ending each with CRLF.
struct LineGuard {
    private var line = 0
    private var previous: UInt8 = 0

    mutating func pass(_ chunk: [UInt8], _ encoding: TransferEncoding) throws(WriterError) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(chunk.count + 64)
        for byte in chunk {
            if byte == Ascii.lf, previous == Ascii.cr {
                // Already ended by the CR.
            } else if byte == Ascii.cr || byte == Ascii.lf {
                output.append(Ascii.cr)
                output.append(Ascii.lf)
                line = 0
            } else {
                line += 1
                guard byte != 0, line <= HeaderWriter.hardLimit, byte < 128 || encoding == .eightBit else {
                    throw .unsuitableEncoding(encoding)
                }
                output.append(byte)
            }
            previous = byte
        }
        return output
    }
}
