/// What a ``TestDNSServer`` can be told to do wrong.
public enum DNSFault: String, Sendable, Hashable, CaseIterable {
    /// No answer.
    case silence
    /// SERVFAIL.
    case failure = "echec"
    /// REFUSED.
    case refusal = "refus"
    /// Good answers, late.
    case slow = "lent"
    /// Over UDP nothing but "ask again over TCP".
    case truncated = "tronquee"
    /// Octets that are no DNS message.
    case garbage = "illisible"
    /// A good answer to another question: the identifier is wrong, as one who guesses would send.
    case otherIdentifier = "autre-question"
    /// No name exists.
    case nothing = "vide"
}

/// Answers questions about zones: a pure function of octets.
package struct DNSResponder: Sendable {
    /// How a question came.
    package enum Transport: Sendable { case udp, tcp }

    /// What a datagram carries without fragments, at most (DNS Flag Day 2020).
    static let maximumDatagram = 1232
    /// What every asker takes in a datagram (RFC 1035 §4.2.1).
    static let minimumDatagram = 512
    /// A pointer to the name in the question section (RFC 1035 §4.1.4).
    private static let nameOfQuestion: [UInt8] = [0xC0, UInt8(DNSQuestion.headerSize)]

    private let zones: [DNSZoneIndex]

    /// - Throws: ``TestFormatError`` when a zone holds what the wire cannot.
    package init(_ zones: [DNSZone]) throws { self.zones = try zones.map { try DNSZoneIndex($0) } }

    /// The answer to a message; `nil` when none is sent.
    package func answer(_ bytes: [UInt8], over transport: Transport, fault: DNSFault? = nil) -> [UInt8]? {
        let question: DNSQuestion
        do throws(DNSQuestion.Unanswerable) { question = try DNSQuestion(bytes) } catch {
            guard case .code(let code) = error else { return nil }
            // Identifier, operation and RD of the question (RFC 1035 §4.1.1).
            return Array(bytes[0..<2]) + [0x80 | bytes[2] & 0x79, UInt8(code)] + [UInt8](repeating: 0, count: 8)
        }
        var answer = Answer(question)
        switch fault {
        case .silence: return nil
        case .garbage: return Array("ceci n'est pas du DNS".utf8)
        case .failure: answer.code = DNSCode.serverFailure
        case .refusal: answer.code = DNSCode.refused
        case .truncated where transport == .udp: answer.isTruncated = true
        case .nothing: deny(&answer)
        case .otherIdentifier, .slow, .truncated, nil: find(&answer)
        }
        if fault == .otherIdentifier { answer.identifier ^= 0x5A5A }
        let limit =
            transport == .tcp
            ? 65_535 : max(Self.minimumDatagram, min(question.payload ?? 0, Self.maximumDatagram))
        return answer.bytes(limit)
    }

    private func zone(of question: DNSQuestion) -> DNSZoneIndex? {
        zones.filter { $0.holds(question.name) }.max { $0.apex.count < $1.apex.count }
    }

    private func find(_ answer: inout Answer) {
        let question = answer.question
        if question.isOtherVersion {
            answer.code = DNSCode.badVersion
        } else if !question.isInternet || DNSCode.transfers.contains(question.type) {
            answer.code = DNSCode.refused
        } else if let zone = zone(of: question) {
            answer.isAuthoritative = true
            let found = zone.records(question.name, question.type)
            answer.answers = found.map { Self.record(Self.nameOfQuestion, $0) }
            guard found.isEmpty else { return }
            if !zone.exists(question.name) { answer.code = DNSCode.nameError }
            // RFC 2308 §3: how long the absence may be kept.
            answer.authority = [Self.record(zone.apex, zone.start)]
        } else {
            answer.code = DNSCode.refused
        }
    }

    private func deny(_ answer: inout Answer) {
        guard let zone = zone(of: answer.question) else {
            answer.code = DNSCode.refused
            return
        }
        answer.isAuthoritative = true
        answer.code = DNSCode.nameError
        answer.authority = [Self.record(zone.apex, zone.start)]
    }

    private static func record(_ name: [UInt8], _ record: DNSZoneIndex.Record) -> [UInt8] {
        name + DNSWire.uint16(record.type) + DNSWire.uint16(DNSCode.internet) + DNSWire.uint32(record.timeToLive)
            + DNSWire.uint16(UInt16(record.data.count)) + record.data
    }
}

/// An answer being put together.
private struct Answer {
    let question: DNSQuestion
    var identifier: UInt16
    var code = DNSCode.noError
    var isAuthoritative = false
    var isTruncated = false
    var answers: [[UInt8]] = []
    var authority: [[UInt8]] = []

    init(_ question: DNSQuestion) {
        self.question = question
        identifier = question.identifier
    }

    /// The message; without its records and marked so when it would be larger than `limit` (RFC 2181 §9).
    func bytes(_ limit: Int) -> [UInt8] {
        // RFC 6891 §6.1.1: who speaks EDNS is answered in EDNS.
        let extended: [UInt8] =
            question.payload == nil
            ? []
            : [0] + DNSWire.uint16(DNSCode.opt) + DNSWire.uint16(UInt16(DNSResponder.maximumDatagram))
                + [UInt8(code >> 4), 0, 0, 0] + DNSWire.uint16(0)
        let records = answers + authority
        let size =
            DNSQuestion.headerSize + question.section.count + extended.count + records.reduce(0) { $0 + $1.count }
        let isCut = isTruncated || size > limit
        var flags: UInt16 = 0x8000 | code & 0x0F
        if isAuthoritative { flags |= 0x0400 }
        if isCut { flags |= 0x0200 }
        if question.wantsRecursion { flags |= 0x0100 }
        let counts = [1, isCut ? 0 : answers.count, isCut ? 0 : authority.count, extended.isEmpty ? 0 : 1]
        return DNSWire.uint16(identifier) + DNSWire.uint16(flags) + counts.flatMap { DNSWire.uint16(UInt16($0)) }
            + question.section + (isCut ? [] : records.flatMap { $0 }) + extended
    }
}
