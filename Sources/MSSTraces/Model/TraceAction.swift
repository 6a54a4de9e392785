/// The kind of an action (EX_GDT_5040, "type d'action"): a family and a code that stays the same for ever.
///
/// The constants cover the Référentiel; an integrator adds actions of its own with ``init(_:_:)``.
public struct TraceAction: Sendable, Hashable {
    /// The family in whose journal the action is traced.
    public let family: TraceFamily
    /// Lower-case ASCII letters, digits, dots and hyphens, 1 to 64.
    public let code: String

    /// Checks the code; `nil` when it has other characters or another length.
    public init?(_ family: TraceFamily, _ code: String) {
        guard (1...64).contains(code.utf8.count),
            code.utf8.allSatisfy({ 0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x2E || $0 == 0x2D })
        else { return nil }
        self.family = family
        self.code = code
    }

    private init(known code: StaticString, _ family: TraceFamily = .functional) {
        self.family = family
        self.code = "\(code)"
    }
}

// MARK: Functional actions (EX_GDT_5030)

extension TraceAction {
    /// Connection to a mailbox, granted or refused (EX_GDT_5060).
    public static let connect = TraceAction(known: "session.connect")
    /// End of a session.
    public static let disconnect = TraceAction(known: "session.disconnect")
    /// A message accepted from a user or application, or sent on to another operator.
    public static let sendMessage = TraceAction(known: "message.send")
    /// A message received for a mailbox of the operator, once for each mailbox.
    public static let receiveMessage = TraceAction(known: "message.receive")
    /// A message refused.
    public static let refuseMessage = TraceAction(known: "message.refuse")
    /// A message read.
    public static let readMessage = TraceAction(known: "message.read")
    /// A message moved or copied between folders.
    public static let moveMessage = TraceAction(known: "message.move")
    /// A message deleted.
    public static let deleteMessage = TraceAction(known: "message.delete")
    /// A message put into a folder by client software: a draft, for example.
    public static let storeMessage = TraceAction(known: "message.store")
    /// Marks of a message changed: read, answered, to be deleted.
    public static let markMessage = TraceAction(known: "message.mark")
    /// A folder created, renamed or deleted.
    public static let changeFolder = TraceAction(known: "folder.change")
    /// A mailbox created.
    public static let createMailbox = TraceAction(known: "mailbox.create")
    /// An attribute of a mailbox changed (EX_GBM_5410).
    public static let changeMailbox = TraceAction(known: "mailbox.change")
    /// A mailbox suspended.
    public static let suspendMailbox = TraceAction(known: "mailbox.suspend")
    /// A suspended mailbox opened again.
    public static let resumeMailbox = TraceAction(known: "mailbox.resume")
    /// A mailbox closed and deleted (EX_GBM_6010).
    public static let deleteMailbox = TraceAction(known: "mailbox.delete")
    /// A delegate given access (EX_GDT_5030).
    public static let addDelegate = TraceAction(known: "delegate.add")
    /// A delegate's access taken back.
    public static let removeDelegate = TraceAction(known: "delegate.remove")
    /// A co-holder added to an organisational mailbox (EX_GBM_5410).
    public static let addCoHolder = TraceAction(known: "coholder.add")
    /// A co-holder removed.
    public static let removeCoHolder = TraceAction(known: "coholder.remove")
    /// Another person made responsible for an organisational or application mailbox.
    public static let changeResponsible = TraceAction(known: "responsible.change")
    /// A person's choice about the liste rouge.
    public static let chooseListeRouge = TraceAction(known: "liste-rouge.choose")
    /// A mailbox published, changed or unpublished in the Annuaire Santé.
    public static let publishMailbox = TraceAction(known: "directory.publish")
    /// Acceptance of the terms of use (EX_DCU_5030).
    public static let acceptTerms = TraceAction(known: "terms.accept")
    /// A person told of the terms and of the traces of what she does, at the first use of a mailbox (EX_GDT_5020).
    public static let informUser = TraceAction(known: "user.inform")
    /// A search in the traces or an export (EX_GDT_5010: accessible to authorised persons).
    public static let consultTraces = TraceAction(known: "traces.consult")
    /// Traces deleted or anonymised at the end of their retention (EX_GDT_5070).
    public static let endRetention = TraceAction(known: "traces.end-retention")
}

// MARK: Technical actions

extension TraceAction {
    /// A component started.
    public static let startComponent = TraceAction(known: "component.start", .technical)
    /// A component stopped.
    public static let stopComponent = TraceAction(known: "component.stop", .technical)
    /// A setting changed by an administrator.
    public static let changeConfiguration = TraceAction(known: "configuration.change", .technical)
    /// A certificate or key installed or replaced.
    public static let installCertificate = TraceAction(known: "certificate.install", .technical)
    /// A whitelist installed or refused.
    public static let installWhitelist = TraceAction(known: "whitelist.install", .technical)
    /// A connection with another operator opened or refused.
    public static let connectPeer = TraceAction(known: "peer.connect", .technical)
    /// An anomaly or a security incident.
    public static let detectIncident = TraceAction(known: "incident.detect", .technical)
    /// The clock went back between two traces; written by the store itself.
    public static let clockWentBack = TraceAction(known: "journal.clock-went-back", .technical)
    /// Bytes that a crash had left half written were set aside; written by the store itself.
    public static let setTailAside = TraceAction(known: "journal.tail-set-aside", .technical)
    /// An administrator opened a damaged journal and accepted the loss; written by the store itself.
    public static let acceptLoss = TraceAction(known: "journal.loss-accepted", .technical)
}

extension TraceAction {
    /// The actions above, for those who choose one by its code.
    public static let known = [
        connect, disconnect, sendMessage, receiveMessage, refuseMessage, readMessage, moveMessage, deleteMessage,
        storeMessage, markMessage, changeFolder, createMailbox, changeMailbox, suspendMailbox, resumeMailbox,
        deleteMailbox, addDelegate,
        removeDelegate, addCoHolder, removeCoHolder, changeResponsible, chooseListeRouge, publishMailbox, acceptTerms,
        informUser, consultTraces, endRetention, startComponent, stopComponent, changeConfiguration, installCertificate,
        installWhitelist, connectPeer, detectIncident, clockWentBack, setTailAside, acceptLoss,
    ]
}

extension TraceAction: CustomStringConvertible {
    /// The code.
    public var description: String { code }
}
