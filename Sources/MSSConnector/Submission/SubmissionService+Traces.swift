import Logging
import MSSCore
import MSSMessage
import MSSSMTP
import MSSTraces
import NIOCore

extension SubmissionService {
    private func author(_ submission: Submission) -> (TraceAuthor, TraceAuthentication?) {
        switch submission.origin {
        case .user(_, let author, let authentication): (author, authentication)
        case .administrator(let person): (.administrator(person), nil)
        case .job(let name): (.system(name), nil)
        }
    }

    private func event(
        _ action: TraceAction, _ submission: Submission, _ id: DeliveryID, _ recipients: [MailAddress]
    ) -> TraceEvent {
        let (author, authentication) = author(submission)
        return TraceEvent(
            action, by: author, mailbox: submission.sender, means: submission.means, authentication: authentication,
            message: TraceMessage(identifier: id.rawValue, sender: submission.sender, recipients: recipients))
    }

    func trace(
        _ refusal: ExchangeRefusal, _ submission: Submission, _ id: DeliveryID, _ recipients: [MailAddress]
    ) async {
        await flow.journal.refused(
            refusal, peer: nil, log: ["message": "\(id)"],
            event(.refuseMessage, submission, id, recipients))
    }

    func traceAccepted(
        _ submission: Submission, _ result: SubmissionResult, _ id: DeliveryID, _ taken: MessageIntake.Taken
    ) async {
        let accepted = result.outcomes.filter { $0.outcome.isAccepted }.map(\.recipient)
        var event = event(.sendMessage, submission, id, accepted)
        event.reply = TraceText("accepted as \(id)")
        event.message?.subject = taken.header.subject
        event.message?.size = taken.size
        event.changes += Self.clientFields(taken.header)
        await flow.journal.trace([event])
        await flow.journal.note(.volume, submission.sender.text, count: accepted.count)
        flow.journal.logger.info(
            "submitted",
            metadata: ["message": "\(id)", "size": "\(taken.size)", "recipients": "\(accepted.count)"])
    }

    /// Counts, logs and traces what a session was refused before its message.
    func refuse(
        _ refusal: ExchangeRefusal, _ submission: Submission, _ recipients: [MailAddress], asked request: String
    ) async {
        let session = submission.session?.id ?? ""
        var event = event(.refuseMessage, submission, DeliveryID(session), recipients)
        event.request = TraceText(request)
        await flow.journal.refused(refusal, peer: nil, log: ["session": "\(session)"], event)
    }

    /// The `X-MSS-` fields of client software, from which statistics are made (§6.9.3): they stay in the message, and
    /// stand in its trace. Bounded, since nobody checks them.
    private static func clientFields(_ header: HeaderBlock) -> [TraceChange] {
        header.lazy.filter { $0.name.lowercased().hasPrefix("x-mss-") }.prefix(16).map { field in
            // By scalars: a character may have any number of marks.
            TraceChange(String(field.name.prefix(64)), before: nil, after: field.text.firstScalars(200))
        }
    }
}

extension String {
    /// The first Unicode scalars.
    fileprivate func firstScalars(_ count: Int) -> String { String(unicodeScalars.prefix(count)) }
}

extension SMTPContent {
    /// Whether any octet is above 127 (RFC 6152).
    func hasEightBitOctets() async throws -> Bool {
        struct Found: Error {}
        do {
            try await forEachChunk { chunk in
                if chunk.hasEightBitOctets { throw Found() }
            }
            return false
        } catch is Found { return true }
    }
}

extension ByteBuffer {
    /// Whether any octet is above 127; eight at a time.
    fileprivate var hasEightBitOctets: Bool {
        withUnsafeReadableBytes { bytes in
            var position = 0
            while position + 8 <= bytes.count {
                let word = bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self)
                if word & 0x8080_8080_8080_8080 != 0 { return true }
                position += 8
            }
            return bytes[position...].contains { $0 >= 0x80 }
        }
    }
}
