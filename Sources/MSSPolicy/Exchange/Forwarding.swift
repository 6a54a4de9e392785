public import MSSCore

/// What the rules on forwarding need to know (EX_GBM_4480, 1.7 draft).
public struct ForwardingFacts: Sendable, Hashable {
    /// The mailbox that forwards.
    public var source: End
    /// Where to.
    public var destination: End
    /// True when the destination's domain is in the whitelist in force.
    public var isDestinationTrusted: Bool
    /// Where the destination forwards to, when known: a circle would turn a message round for ever.
    public var destinationForwardsTo: DirectoryMailAddress?

    /// A mailbox and its holder.
    public struct End: Sendable, Hashable {
        /// The address.
        public var address: DirectoryMailAddress
        /// The kind; `nil` when neither the base nor the directory knows the mailbox.
        public var kind: MailboxKind?
        /// The holder; `nil` when unknown.
        public var holder: PersonIdentifier?

        /// An end.
        public init(_ address: DirectoryMailAddress, kind: MailboxKind?, holder: PersonIdentifier?) {
            self.address = address
            self.kind = kind
            self.holder = holder
        }
    }

    /// Facts.
    public init(
        source: End, destination: End, isDestinationTrusted: Bool, destinationForwardsTo: DirectoryMailAddress? = nil
    ) {
        self.source = source
        self.destination = destination
        self.isDestinationTrusted = isDestinationTrusted
        self.destinationForwardsTo = destinationForwardsTo
    }

    /// The rules, all held by both versions: what 1.6 does not offer it does not loosen, and the terms of use forbid any
    /// redirection outside (EX_DCU_5010).
    public static let rules = [
        PolicyRule<ForwardingFacts>(
            "EX_GBM_4480", statement: "Aucun message n'est redirigé hors de l'espace de confiance."
        ) { facts, _ in
            facts.isDestinationTrusted && !facts.destination.address.address.isPatientDomain
                ? nil : "Un message ne peut pas être transféré hors de l'espace de confiance MSSanté."
        },
        PolicyRule<ForwardingFacts>(
            "EX_GBM_4480", statement: "Le transfert va d'une boîte personnelle à une boîte personnelle."
        ) { facts, _ in
            facts.source.kind == .person && facts.destination.kind == .person
                ? nil : "Le transfert automatique ne se fait qu'entre boîtes aux lettres personnelles."
        },
        PolicyRule<ForwardingFacts>(
            "EX_GBM_4480", statement: "La boîte de destination est détenue par le même professionnel."
        ) { facts, _ in
            facts.source.holder != nil && facts.source.holder == facts.destination.holder
                ? nil : "La boîte aux lettres de destination doit être détenue par le même professionnel."
        },
        PolicyRule<ForwardingFacts>(
            "EX_GBM_4480", statement: "Un transfert ne revient pas à sa source."
        ) { facts, _ in
            facts.destination.address == facts.source.address || facts.destinationForwardsTo == facts.source.address
                ? "Ce transfert tournerait en rond." : nil
        },
    ]
}
