public import MSSAccounts
public import MSSCore
public import MSSPolicy
public import MSSSMTP
public import MSSWhitelist

/// Who may send what to whom through the connector, as pure functions: §6.7.1.1 steps 4 to 6, EX_3.2_5060 and §5.4.1.
///
/// Every function answers with the first refusal, in the order of the text, or with `nil`.
public struct ExchangeRules: Sendable {
    /// The domains of the operator.
    public var domains: Set<Domain>
    /// The operator's mailbox that answers for `postmaster` (RFC 5321 §4.5.1).
    public var postmaster: DirectoryMailAddress
    /// The limits of a message.
    public var limits: MSSPolicy.MessageLimits
    /// The version of the Référentiel and the trust space.
    public var context: PolicyContext
    /// What even senders above the limits may not pass: octets of a message, which keep the server alive.
    public var technicalSize: Int
    /// What even senders above the limits may not pass: recipients of a transaction.
    public var technicalRecipients: Int
    /// `Received` fields from which a message is taken to go round in a circle (RFC 5321 §6.3).
    public var maximumHops: Int

    /// Rules.
    public init(
        domains: Set<Domain>, postmaster: DirectoryMailAddress,
        limits: MSSPolicy.MessageLimits = MSSPolicy.MessageLimits(), context: PolicyContext = PolicyContext(),
        technicalSize: Int = 100 << 20, technicalRecipients: Int = 1000, maximumHops: Int = 50
    ) {
        self.domains = domains
        self.postmaster = postmaster
        self.limits = limits
        self.context = context
        self.technicalSize = max(technicalSize, limits.maximumSize)
        self.technicalRecipients = max(technicalRecipients, MSSPolicy.MessageLimits.maximumRecipients)
        self.maximumHops = maximumHops
    }

    // MARK: Another operator

    /// The peer itself: its certificate's name is in the whitelist (EX_3.1_5030, step 4; EX_OPE_5020).
    public func refusal(
        ofPeer certificateName: DistinguishedName?, _ whitelist: any Whitelist
    ) -> ExchangeRefusal? {
        guard let certificateName else { return .noCertificate }
        guard whitelist.entries(for: certificateName).isEmpty else { return nil }
        // Told apart from an unknown certificate: without a list nobody is known.
        let decision = whitelist.decide(certificateName, for: MSSPolicy.MessageLimits.healthAuthority)
        if case .refused(.noList) = decision { return .peer(.noList) }
        return .peer(.unknownCertificate(certificateName))
    }

    /// The sender of a peer's message (EX_3.1_5030, steps 5 and 6).
    ///
    /// An empty path needs the check of the peer alone. No suffix is looked at: `interop-mssante.apicrypt.org` is an
    /// entry like any other (EX_3.1_5010).
    ///
    /// - Parameter size: the octets announced, if any.
    public func refusal(
        ofSender path: ReversePath, size: Int?, from certificateName: DistinguishedName?, _ whitelist: any Whitelist
    ) -> ExchangeRefusal? {
        if let refusal = refusal(ofPeer: certificateName, whitelist) { return refusal }
        guard let certificateName else { return .noCertificate }
        if let domain = path.address?.domain,
            case .refused(let refusal) = whitelist.decide(certificateName, for: domain)
        {
            return .peer(refusal)
        }
        if let size, size > sizeLimit(for: path.address?.domain) {
            return .tooLarge(limit: sizeLimit(for: path.address?.domain))
        }
        return nil
    }

    /// Octets that a sender's message may have, once the domain is proven (EX_GBM_4410, EX_3.1_5015).
    public func sizeLimit(for verifiedDomain: Domain?) -> Int {
        MSSPolicy.MessageLimits.isExempt(verifiedDomain) ? technicalSize : limits.maximumSize
    }

    /// Recipients that a sender's message may have, once the domain is proven (EX_GBM_4420, EX_3.1_5015).
    public func recipientLimit(for verifiedDomain: Domain?) -> Int {
        MSSPolicy.MessageLimits.isExempt(verifiedDomain)
            ? technicalRecipients : MSSPolicy.MessageLimits.maximumRecipients
    }

    // MARK: A mailbox of ours as recipient

    /// What is known of the recipient of a message.
    public struct Recipient: Sendable {
        /// The address as named.
        public var address: MailAddress
        /// The mailbox that has it; `nil` when there is none.
        public var mailbox: MSSAccounts.Mailbox?
        /// What the mailbox holds; `nil` when it has no quota, or is not there.
        public var usage: Int64?

        /// What is known.
        public init(address: MailAddress, mailbox: MSSAccounts.Mailbox?, usage: Int64? = nil) {
            self.address = address
            self.mailbox = mailbox
            self.usage = usage
        }
    }

    /// A recipient of a message from elsewhere or from here: of a domain of ours, existing, not suspended, within the
    /// circle of test mailboxes, not full.
    ///
    /// - Parameters:
    ///   - sender: the envelope's sender; `nil` for a notice.
    ///   - senderIsTest: whether it is a test mailbox, when that is known.
    public func refusal(
        of recipient: Recipient, from sender: MailAddress?, senderIsTest: Bool? = nil
    ) -> ExchangeRefusal? {
        // EX_3.2_5040: nobody's relay.
        guard domains.contains(recipient.address.domain) else { return .relaying(recipient.address.domain) }
        guard let mailbox = recipient.mailbox else { return .unknownMailbox }
        switch mailbox.state {
        case .deleted: return .unknownMailbox
        case .suspended: return .suspended
        case .active: break
        }
        // EX_GBM_4010; a notice has no sender to belong to a circle.
        if let sender, mailbox.address != postmaster {
            let facts = ExchangeFacts(
                sender: .init(sender, isKnownTest: senderIsTest),
                recipient: .init(recipient.address, isKnownTest: mailbox.isTest))
            if let finding = ExchangeFacts.rules.judge(facts, in: context).refusals.first {
                return .testCircle(finding.explanation)
            }
        }
        if let usage = recipient.usage, QuotaLevel(used: usage, quota: mailbox.quota) == .full { return .full }
        return nil
    }

    // MARK: A recipient elsewhere

    /// A recipient of another operator (EX_3.2_5060): its domain is in the whitelist; test mailboxes keep to their
    /// circle.
    ///
    /// - Parameter senderIsTest: whether the sender is a test mailbox, when that is known.
    public func refusal(
        ofRemote recipient: MailAddress, from sender: MailAddress?, senderIsTest: Bool? = nil,
        _ whitelist: any Whitelist
    ) -> ExchangeRefusal? {
        if let refusal = refusal(ofDomain: recipient.domain, whitelist) { return refusal }
        if let sender {
            let facts = ExchangeFacts(
                sender: .init(sender, isKnownTest: senderIsTest), recipient: .init(recipient))
            if let finding = ExchangeFacts.rules.judge(facts, in: context).refusals.first {
                return .testCircle(finding.explanation)
            }
        }
        return nil
    }

    /// A domain that the whitelist must have before anything leaves (EX_3.2_5060).
    public func refusal(ofDomain domain: Domain, _ whitelist: any Whitelist) -> ExchangeRefusal? {
        guard !whitelist.contains(domain) else { return nil }
        // What the list says to a name that nobody has tells whether there is a list at all.
        if case .refused(.noList) = whitelist.decide(ExchangeRules.nobody, for: domain) { return .notTrusted(.noList) }
        return .notTrusted(.unknownDomain(domain))
    }

    private static let nobody = DistinguishedName([])

    // MARK: Content

    /// What the header of a message tells against it.
    public func refusal(ofHops count: Int) -> ExchangeRefusal? { count > maximumHops ? .loop : nil }
}
