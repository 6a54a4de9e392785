import MSSCore
import NIOCore

/// What a session knows of the transaction under way.
struct SMTPClientTransaction: Sendable {
    enum Stage {
        /// MAIL, RCPT, DATA.
        case envelope
        /// The message is being sent.
        case content
        /// The end of the message was sent.
        case ended
        /// It has failed; answers still due are read and passed over.
        case draining
    }

    enum Command { case mail, recipient(Int), data }

    let envelope: OutgoingEnvelope
    let size: Int?
    /// When the whole must be over.
    let latest: NIODeadline
    let usesChunking: Bool
    let passesNotices: Bool
    var framer: SMTPContentFramer
    var stage = Stage.envelope
    var toSend = CircularBuffer<Command>()
    /// One for each recipient, in order.
    var outcomes: [Result<SMTPReply, SMTPClientFailure>?]
    /// Recipients whose RCPT was accepted.
    var accepted: [Int] = []
    /// Whether the server holds a transaction that only RSET ends.
    var needsReset = false
    /// Octets for the next BDAT chunk.
    var gathered = ByteBuffer()
    /// BDAT chunks not answered yet.
    var unanswered = 0
    /// Octets written that have not gone.
    var unwritten = 0

    var undecided: [Int] { outcomes.indices.filter { outcomes[$0] == nil } }

    /// Decides all that are not decided yet.
    mutating func decide(_ failure: SMTPClientFailure) {
        for index in undecided { outcomes[index] = .failure(failure) }
    }
}
