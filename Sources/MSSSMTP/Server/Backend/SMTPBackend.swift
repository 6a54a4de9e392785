public import MSSSASL
public import MSSTLS

/// Decides what an SMTP server accepts, and takes it. One backend serves all connections of an entry point.
///
/// Every method may refuse by throwing an ``SMTPRefusal``, whose reply the client reads; another error is answered 451
/// and logged. Calls of one session never overlap, but for the message, which is taken while it arrives. Each is
/// cancelled when its client goes. A call that takes time slows its own client only.
public protocol SMTPBackend: Sendable {
    /// A client has connected: no name, no certificate yet, unless TLS came first.
    func session(_ facts: SMTPSessionFacts) async throws -> any SMTPBackendSession

    /// TLS could not be had with a client, whose connection ends. Called on the event loop: must not block. By default
    /// nothing.
    func tlsFailed(_ failure: TLSFailure, _ facts: SMTPSessionFacts)
}

extension SMTPBackend {
    /// Nothing.
    public func tlsFailed(_ failure: TLSFailure, _ facts: SMTPSessionFacts) {}
}

/// The backend's side of one connection.
public protocol SMTPBackendSession: Sendable {
    /// The client has said its name (`EHLO`): the place to judge its certificate before any envelope (§6.7.1.1 step 4 of
    /// the Référentiel). Not asked in clear where TLS is required: what is said there counts for nothing after it
    /// (RFC 3207 §4.2). By default accepted.
    func hello(_ facts: SMTPSessionFacts) async throws

    /// The client wants to be known. By default refused: a backend without accounts.
    func authenticate(_ credentials: SASLCredentials, _ facts: SMTPSessionFacts) async throws -> SMTPIdentity

    /// A transaction begins (§6.7.1.1 steps 5 and 6). What it may cost is the result.
    func sender(_ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts) async throws -> SMTPAllowance

    /// A recipient is named; `envelope` holds those accepted before.
    func recipient(
        _ recipient: SMTPRecipient, _ envelope: SMTPEnvelope, _ facts: SMTPSessionFacts
    ) async throws

    /// A message arrives. To return is to promise that it is kept, whatever happens next (RFC 5321 §6.1); reading
    /// ``SMTPIncomingMessage/body`` throws when the client does not end it properly or a limit is passed.
    func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt

    /// The connection has ended; no call follows.
    func closed(_ facts: SMTPSessionFacts) async
}

extension SMTPBackendSession {
    /// Accepts.
    public func hello(_ facts: SMTPSessionFacts) async throws {}

    /// Refuses (EX_LPS_0710).
    public func authenticate(
        _ credentials: SASLCredentials, _ facts: SMTPSessionFacts
    ) async throws -> SMTPIdentity {
        throw SMTPRefusal(SMTPReplies().invalidCredentials, cause: "no accounts here")
    }

    /// Does nothing.
    public func closed(_ facts: SMTPSessionFacts) async {}
}

/// A backend that answers for each recipient, as LMTP has it (RFC 2033 §4.2).
public protocol LMTPBackendSession: SMTPBackendSession {
    /// A message arrives; the results stand in the order of the envelope's recipients, one for each.
    func deliver(_ message: SMTPIncomingMessage) async throws -> [Result<SMTPReceipt, SMTPRefusal>]
}

extension LMTPBackendSession {
    /// By SMTP there is one answer: the first refusal, or the first receipt.
    public func message(_ message: SMTPIncomingMessage) async throws -> SMTPReceipt {
        let results = try await deliver(message)
        for case .failure(let refusal) in results { throw refusal }
        guard case .success(let receipt)? = results.first else {
            throw SMTPRefusal(SMTPReplies().localError, cause: "no result")
        }
        return receipt
    }
}
