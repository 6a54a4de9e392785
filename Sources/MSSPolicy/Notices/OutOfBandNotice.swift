public import MSSCore

/// A text for the user of a mailbox, sent by an ordinary channel and never through the trust space (EX_GBM_4440,
/// EX_GBM_6010): who does not open a mailbox does not read a warning in it.
///
/// It holds the mailbox's address and dates, never a name, a correspondent or anything of a message.
public struct OutOfBandNotice: Sendable, Hashable {
    /// What the notice is about, for those who route or count notices.
    public enum Topic: String, Sendable, Hashable, CaseIterable {
        /// The mailbox will be unpublished.
        case unpublication
        /// The mailbox will be deleted.
        case deletion
        /// The mailbox fills.
        case quota
        /// The mailbox was suspended.
        case suspension
        /// A certificate expires.
        case certificate
    }

    /// The topic.
    public let topic: Topic
    /// The subject: one line, ASCII controls excluded.
    public let subject: String
    /// The text, lines ended by LF.
    public let body: String
}

extension OutOfBandNotice {
    /// The notice that an action of the life cycle calls for; `nil` for the actions that no user is told of.
    public init?(for action: LifecycleAction.Kind, mailbox: DirectoryMailAddress) {
        let address = mailbox.address.text
        switch action {
        case .warnUnpublication(let day): self = .unpublication(address, day)
        case .warnDeletion(let day): self = .deletion(address, day)
        case .noticeQuota(let level): self = .quota(address, level)
        case .unpublish, .republish, .delete, .noteQuota, .purge: return nil
        }
    }

    // « Dépublié pour cause d'inactivité » and not « liste rouge »: EX_GBM_4440, last paragraph.
    private static func unpublication(_ address: String, _ day: Day) -> OutOfBandNotice {
        OutOfBandNotice(
            topic: .unpublication,
            subject: "Votre boîte aux lettres MSSanté sera dépubliée pour cause d'inactivité le \(day.french)",
            body: """
                Bonjour,

                Aucune connexion à la boîte aux lettres \(address) n'a été constatée récemment. Au-delà de \
                \(Lifecycle.inactivityDays) jours sans connexion, une boîte aux lettres est dépubliée de l'Annuaire Santé \
                pour cause d'inactivité.

                La dépublication est prévue le \(day.french). Pour vous y opposer, connectez-vous à votre boîte aux \
                lettres avant cette date.

                Une boîte aux lettres dépubliée reste utilisable et garde ses messages. Elle est publiée de nouveau dès \
                que vous vous y connectez.

                """)
    }

    private static func deletion(_ address: String, _ day: Day) -> OutOfBandNotice {
        OutOfBandNotice(
            topic: .deletion, subject: "Votre boîte aux lettres MSSanté sera supprimée le \(day.french)",
            body: """
                Bonjour,

                La boîte aux lettres \(address) n'est plus utilisée. Une boîte aux lettres sans authentification pendant \
                un an est supprimée, avec tous ses messages et leurs pièces jointes, de manière irrévocable.

                La suppression est prévue le \(day.french). Pour vous y opposer, connectez-vous à votre boîte aux lettres \
                avant cette date.

                """)
    }

    private static func quota(_ address: String, _ level: QuotaLevel) -> OutOfBandNotice {
        let isFull = level == .full
        return OutOfBandNotice(
            topic: .quota,
            subject: isFull
                ? "Votre boîte aux lettres MSSanté est pleine"
                : "Votre boîte aux lettres MSSanté est remplie à plus de \(level.rawValue) %",
            body: """
                Bonjour,

                La boîte aux lettres \(address) \(isFull
                    ? "a atteint son quota : elle ne peut plus ni recevoir ni envoyer de message."
                    : "occupe plus de \(level.rawValue) % de son quota. Une fois le quota atteint, elle ne pourra plus ni"
                        + " recevoir ni envoyer de message.")

                Supprimez les messages devenus inutiles, envoyés et reçus, puis videz la corbeille.

                """)
    }

    /// The notice to the one responsible for a structure that a mailbox was suspended, with the reason (RE_GBM_4430).
    public static func suspension(of mailbox: DirectoryMailAddress, reason: String, on day: Day) -> OutOfBandNotice {
        OutOfBandNotice(
            topic: .suspension, subject: "Une boîte aux lettres MSSanté de votre structure est suspendue",
            body: """
                Bonjour,

                La boîte aux lettres \(mailbox.address.text) a été suspendue le \(day.french). Elle n'est plus accessible, \
                n'émet et ne reçoit plus de message et n'est plus publiée dans l'Annuaire Santé.

                Motif : \(oneLine(reason))

                """)
    }

    /// The notice that a certificate expires.
    public static func certificate(_ certificate: CertificateExpiry, today: Day) -> OutOfBandNotice {
        let left = certificate.lastDay - today
        let name = oneLine(certificate.name)
        let when = left < 0 ? "est expiré depuis le" : "expire le"
        return OutOfBandNotice(
            topic: .certificate, subject: "Le certificat « \(name) » \(when) \(certificate.lastDay.french)",
            body: """
                Bonjour,

                Le certificat « \(name) » \(when) \(certificate.lastDay.french). Sans renouvellement, les échanges qui en \
                dépendent sont refusés après cette date.

                """)
    }

    /// A text that others wrote, on one line and of bounded length: no header or line of ours can be forged with it.
    private static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.prefix(500).map { scalar in
                    switch scalar.properties.generalCategory {
                    case .control, .format, .lineSeparator, .paragraphSeparator: " "
                    default: scalar
                    }
                }))
    }
}
