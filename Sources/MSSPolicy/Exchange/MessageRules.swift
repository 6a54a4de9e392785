public import MSSCore

/// What the limits of a message need to know of it.
public struct MessageFacts: Sendable, Hashable {
    /// The size as sent, attachments encoded, in octets.
    public var encodedSize: Int
    /// The recipients of the whole message.
    public var recipientCount: Int
    /// The domain of the sender, once the peer's certificate was found to be that domain's; `nil` before. An exemption
    /// that an unverified `MAIL FROM` could claim would be one for everybody.
    public var verifiedSenderDomain: Domain?

    /// Facts.
    public init(encodedSize: Int, recipientCount: Int, verifiedSenderDomain: Domain? = nil) {
        self.encodedSize = encodedSize
        self.recipientCount = recipientCount
        self.verifiedSenderDomain = verifiedSenderDomain
    }
}

/// The limits of a message (§5.4.1) and who is above them.
public struct MessageLimits: Sendable, Hashable {
    /// What every operator must take, in octets (EX_GBM_4410).
    public static let guaranteedSize = 10_000_000
    /// Most recipients of a message (EX_GBM_4420).
    public static let maximumRecipients = 40
    /// The Direction générale de la santé, whose bulk mail is taken without restriction (EX_3.1_5015).
    public static let healthAuthority = (try? Domain("dgs.mssante.fr"))!

    /// Largest message taken, in octets: at least ``guaranteedSize``.
    public let maximumSize: Int

    /// Limits; a size below the guaranteed one is raised to it. By default 10 MiB: the text says « 10 Mo », and a
    /// sender that counts in 1,024s is in its right too.
    public init(maximumSize: Int = 10_485_760) { self.maximumSize = max(maximumSize, MessageLimits.guaranteedSize) }

    /// True when the operator's limits on size, recipients and rate do not hold (EX_3.1_5015).
    ///
    /// The technical bounds of a server, that keep it alive, are not policy and stay.
    public static func isExempt(_ verifiedSenderDomain: Domain?) -> Bool { verifiedSenderDomain == healthAuthority }

    /// The rules under these limits.
    public var rules: [PolicyRule<MessageFacts>] {
        let maximumSize = maximumSize
        return [
            PolicyRule(
                "EX_GBM_4410",
                statement: "Les messages de 10 Mo au plus, pièces jointes encodées comprises, sont échangés."
            ) { facts, _ in
                facts.encodedSize > maximumSize && !MessageLimits.isExempt(facts.verifiedSenderDomain)
                    ? "Le message dépasse la taille admise (\(maximumSize / 1_000_000) Mo)." : nil
            },
            PolicyRule("EX_GBM_4420", statement: "Un message a au plus 40 destinataires.") { facts, _ in
                facts.recipientCount > MessageLimits.maximumRecipients
                    && !MessageLimits.isExempt(facts.verifiedSenderDomain)
                    ? "Le message a plus de \(MessageLimits.maximumRecipients) destinataires : envoyez-le en plusieurs fois."
                    : nil
            },
        ]
    }
}
