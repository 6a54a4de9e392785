public import MSSCore

/// Every reply that the server gives of itself, in one place; the backend's refusals are its own.
public struct SMTPReplies: Sendable, Hashable {
    // MARK: Success

    /// The text of the greeting after the server's name (RFC 5321 §4.2).
    public var greeting = "ESMTP MSSante"
    /// To `MAIL`.
    public var senderAccepted = SMTPReply(code: 250, enhanced: "2.1.0", text: "Sender OK")
    /// To `RCPT`.
    public var recipientAccepted = SMTPReply(code: 250, enhanced: "2.1.5", text: "Recipient OK")
    /// To `DATA`.
    public var startContent = SMTPReply(code: 354, text: "End data with <CR><LF>.<CR><LF>")
    /// To `RSET` and `NOOP`.
    public var done = SMTPReply(code: 250, enhanced: "2.0.0", text: "OK")
    /// To `QUIT`.
    public var bye = SMTPReply(code: 221, enhanced: "2.0.0", text: "Bye")
    /// To `VRFY` (RFC 5321 §3.5.3).
    public var notVerified = SMTPReply(
        code: 252, enhanced: "2.5.0", text: "Cannot verify, but will take a message and attempt delivery")
    /// To `HELP`.
    public var help = SMTPReply(code: 214, enhanced: "2.0.0", text: "See RFC 5321")
    /// To `STARTTLS` (RFC 3207 §4).
    public var readyForTLS = SMTPReply(code: 220, enhanced: "2.0.0", text: "Ready to start TLS")
    /// To `AUTH` (EX_LPS_0700, example).
    public var authenticated = SMTPReply(code: 235, enhanced: "2.7.0", text: "Accepted")

    // MARK: Authentication

    /// To `AUTH` with wrong credentials: EX_LPS_0710, to the letter.
    public var invalidCredentials = SMTPReply(
        code: 535, enhanced: "5.7.8", text: "Authentication credentials invalid")
    /// RFC 4954 §6: whom to ask does not answer; the same credentials may be good later.
    public var temporaryAuthenticationFailure = SMTPReply(
        code: 454, enhanced: "4.7.0", text: "Temporary authentication failure")
    /// RFC 3207 §4.
    public var startTLSFirst = SMTPReply(code: 530, enhanced: "5.7.0", text: "Must issue a STARTTLS command first")
    /// RFC 4954 §6.
    public var authenticationRequired = SMTPReply(code: 530, enhanced: "5.7.0", text: "Authentication required")
    /// RFC 4954 §6, where TLS is possible and not required.
    public var encryptionRequired = SMTPReply(
        code: 538, enhanced: "5.7.11", text: "Encryption required for requested authentication mechanism")
    /// RFC 4954 §4.
    public var unknownMechanism = SMTPReply(code: 504, enhanced: "5.5.4", text: "Mechanism not offered")
    /// RFC 4954 §4: the client sent `*`.
    public var authenticationCancelled = SMTPReply(code: 501, enhanced: "5.7.0", text: "Authentication cancelled")
    /// RFC 4954 §4: the response is not base64.
    public var malformedResponse = SMTPReply(code: 501, enhanced: "5.5.2", text: "Not base64")

    // MARK: Form and order

    /// RFC 5321 §4.2.4.
    public var unknownCommand = SMTPReply(code: 500, enhanced: "5.5.1", text: "Command not recognized")
    /// RFC 5321 §4.2.4.
    public var notImplemented = SMTPReply(code: 502, enhanced: "5.5.1", text: "Command not implemented")
    /// RFC 5321 §4.5.3.1.4.
    public var lineTooLong = SMTPReply(code: 500, enhanced: "5.5.2", text: "Line too long")
    /// RFC 4954 §4.
    public var authenticationLineTooLong = SMTPReply(
        code: 500, enhanced: "5.5.6", text: "Authentication exchange line is too long")
    /// RFC 5321 §2.3.8: a command line ended by a line feed alone.
    public var bareLineFeedInCommand = SMTPReply(
        code: 500, enhanced: "5.5.2", text: "Lines end with <CR><LF>")
    /// RFC 5321 §4.1.4.
    public var badSequence = SMTPReply(code: 503, enhanced: "5.5.1", text: "Bad sequence of commands")
    /// RFC 5321 §4.1.4.
    public var helloFirst = SMTPReply(code: 503, enhanced: "5.5.1", text: "Introduce yourself first")
    /// RFC 5321 §3.3: `DATA` when every recipient was refused.
    public var noValidRecipients = SMTPReply(code: 554, enhanced: "5.5.1", text: "No valid recipients")
    /// RFC 5321 §4.1.1.11.
    public var unknownParameter = SMTPReply(code: 555, enhanced: "5.5.4", text: "Parameter not recognized")
    /// RFC 2920 §3.1: more came after a command that must be the last of its group.
    public var synchronisation = SMTPReply(
        code: 554, enhanced: "5.5.0", text: "SMTP protocol synchronization error")
    /// The line of another protocol.
    public var otherProtocol = SMTPReply(code: 554, enhanced: "5.5.1", text: "This is SMTP")
    /// RFC 3207 §4.
    public var tlsUnavailable = SMTPReply(
        code: 454, enhanced: "4.7.0", text: "TLS not available due to temporary reason")

    // MARK: Content

    /// RFC 5321 §2.3.8: read to its true end, then refused.
    public var bareLineEnd = SMTPReply(code: 550, enhanced: "5.5.2", text: "Bare <CR> or <LF> in the message")
    /// RFC 6152 §1.
    public var nulInContent = SMTPReply(code: 550, enhanced: "5.6.0", text: "NUL in the message")
    /// RFC 5321 §4.5.3.1.6.
    public var textLineTooLong = SMTPReply(code: 550, enhanced: "5.6.0", text: "Line too long in the message")
    /// RFC 1870 §6.
    public var messageTooLarge = SMTPReply(
        code: 552, enhanced: "5.3.4", text: "Message size exceeds fixed maximum message size")
    /// RFC 3030 §2 allows any number; see ``SMTPSessionLimits/chunks``.
    public var tooManyChunks = SMTPReply(code: 552, enhanced: "5.5.3", text: "Too many chunks")
    /// EX_GBM_4420; RFC 5321 §4.5.3.1.10: the sender keeps the others for another transaction.
    public var tooManyRecipients = SMTPReply(code: 452, enhanced: "4.5.3", text: "Too many recipients")
    /// What the backend could not do without saying why.
    public var localError = SMTPReply(code: 451, enhanced: "4.3.0", text: "Local error in processing")

    // MARK: The end

    /// EX_LPS_1000, RFC 5321 §4.5.3.2.7.
    public var idleTimeout = SMTPReply(code: 421, enhanced: "4.4.2", text: "Timeout, closing connection")
    /// EX_LPS_1000.
    public var sessionTimeout = SMTPReply(
        code: 421, enhanced: "4.4.2", text: "Session time exceeded, closing connection")
    /// Too much of something.
    public var tooManyErrors = SMTPReply(code: 421, enhanced: "4.7.0", text: "Too many errors, closing connection")
    /// More commands than ``SMTPSessionLimits/commandsWithoutMessage``.
    public var tooManyCommands = SMTPReply(
        code: 421, enhanced: "4.7.0", text: "Too many commands, closing connection")
    /// More transactions than ``SMTPSessionLimits/transactions``: open another connection.
    public var tooManyTransactions = SMTPReply(
        code: 421, enhanced: "4.3.2", text: "Transactions of this session used up, closing connection")
    /// RFC 5321 §3.8.
    public var shuttingDown = SMTPReply(code: 421, enhanced: "4.3.2", text: "Service shutting down")
    /// More connections than ``SMTPServerLimits`` has.
    public var tooManyConnections = SMTPReply(code: 421, enhanced: "4.7.0", text: "Too many connections")

    /// The replies of the RFCs and of the Référentiel.
    public init() {}

    /// To the end of a message.
    func accepted(_ receipt: SMTPReceipt, isLMTP: Bool) -> SMTPReply {
        SMTPReply(code: 250, enhanced: isLMTP ? "2.1.5" : "2.0.0", text: "Accepted as \(receipt.id)")
    }

    /// To a chunk that is not the last (RFC 3030 §2).
    func chunkReceived(_ count: Int) -> SMTPReply {
        SMTPReply(code: 250, enhanced: "2.0.0", text: "\(count) octets received")
    }

    /// To a command of a wrong form.
    func syntax(_ error: SMTPSyntaxError) -> SMTPReply {
        switch error {
        case .unknownCommand: unknownCommand
        case .address, .malformedPath:
            // 553 5.1.3/5.1.7 tell which end of the envelope; 501 5.1.3 is what RFC 3463 §3.2 has for syntax.
            SMTPReply(code: 501, enhanced: "5.1.3", text: error.description)
        case .forbiddenCharacter: SMTPReply(code: 500, enhanced: "5.5.2", text: error.description)
        case .malformedBase64: malformedResponse
        case .missingArgument, .unexpectedArgument, .malformedHostName, .malformedParameter, .malformedParameterValue,
            .repeatedParameter, .malformedChunkSize, .malformedMechanism:
            SMTPReply(code: 501, enhanced: "5.5.4", text: error.description)
        }
    }
}
