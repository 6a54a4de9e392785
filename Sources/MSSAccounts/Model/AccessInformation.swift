public import MSSCore

/// A holder of a shared mailbox is to be told that somebody else was given access to it: « l'ouverture de tout nouvel accès
/// […] est conditionnée par l'information […] de l'ensemble de Cotitulaires » (§2.4.3).
///
/// It is kept by the transaction that opens the access, one for each holder, until a channel took it (Decision 0147).
public struct AccessInformation: Sendable, Hashable {
    /// As what somebody was given access.
    public enum Role: String, Sendable, Hashable, CaseIterable {
        /// A co-holder.
        case coHolder
        /// A delegate, or one whose delegation became wider or longer.
        case delegate
        /// The responsible.
        case responsible
        /// Whatever the person is there: a first use, of which the person herself is told (EX_GDT_5020).
        case user
    }

    /// The number in the base, 0 until it is kept: the same one again is the same information again.
    public var number: Int64 = 0
    /// When the access was opened.
    public var at: Timestamp
    /// The mailbox.
    public var mailbox: MailboxID
    /// Its address.
    public var address: String
    /// Who was given access.
    public var newcomer: PersonID
    /// As what.
    public var role: Role
    /// Who opened it, as ``Actor/text``.
    public var openedBy: String
    /// The person who opened it; `nil` when it was no person.
    public var opener: PersonID?
    /// Who is to be told.
    public var recipient: PersonID

    /// An information.
    public init(
        at: Timestamp, mailbox: MailboxID, address: String, newcomer: PersonID, role: Role, openedBy: String,
        opener: PersonID?, recipient: PersonID
    ) {
        self.at = at
        self.mailbox = mailbox
        self.address = address
        self.newcomer = newcomer
        self.role = role
        self.openedBy = openedBy
        self.opener = opener
        self.recipient = recipient
    }
}

/// An information as the holder reads it, in French.
public struct AccessNotice: Sendable, Hashable {
    /// One line.
    public let subject: String
    /// The text, lines ended by LF.
    public let body: String
    /// The mailbox that it is to be left in; `nil` for any of the person's own.
    public let mailbox: MailboxID?

    init(subject: String, body: String, mailbox: MailboxID?) {
        self.subject = subject
        self.body = body
        self.mailbox = mailbox
    }

    /// Words an information; names are those of persons who share the mailbox. It also tells what is traced of whoever
    /// uses it (EX_GDT_5020).
    init(_ information: AccessInformation, newcomer: Person, opener: Person?) {
        let role =
            switch information.role {
            case .coHolder: "cotitulaire"
            case .delegate: "délégué"
            case .responsible: "responsable opérationnel"
            case .user: "utilisateur"
            }
        let by = opener.map { "par \(AccessNotice.name($0))" } ?? "par le gestionnaire du service"
        mailbox = nil
        subject = "Un nouvel accès est ouvert à la boîte aux lettres \(information.address)"
        body = """
            Bonjour,

            Le \(information.at.xsdDateTime.prefix(10)), \(AccessNotice.name(newcomer)) a reçu accès à la boîte aux lettres \
            \(information.address) en qualité de \(role), \(by).

            Vous êtes informé de cet accès parce que vous êtes titulaire de cette boîte aux lettres. S'il vous semble \
            injustifié, retirez-le ou signalez-le au responsable opérationnel.

            Les connexions à cette boîte aux lettres et les actions qui y sont faites, les vôtres comprises, sont tracées \
            au nom de leur auteur.

            """
    }

    private static func name(_ person: Person) -> String { "\(person.givenName) \(person.familyName)" }
}

/// What the accounts need in order to inform holders, « par tout moyen » (§2.4.3): stated here, provided above.
public protocol AccountInformer: Sendable {
    /// Tells a person; returns once a channel took it.
    ///
    /// - Parameter key: the same one again means the same notice again, so a channel may drop it.
    func inform(_ person: Person, _ notice: AccessNotice, key: String) async throws
}
