import MSSCore
import MSSMessage

/// What a message for an application turned out to be, written above it (EX_GBM_4430).
///
/// Software that sends in a structure's name must act on absences and full mailboxes, which arrive in every form. The
/// operator reads them once, and says what it found in a field that no sender can forge: every message delivered into an
/// application mailbox has one, and the operator's is the first.
///
/// ```text
/// Avis-Automatique: boite-pleine; certitude=certaine; destinataire=paul.durand@clinique.mssante.fr
/// ```
struct NoticeMark: Sendable, Hashable {
    /// The field's name.
    static let field = "Avis-Automatique"
    /// As much of a message as is looked at.
    static let lookedAt = 256 << 10
    /// A notice may name many; software that sent to them has the message itself too.
    private static let mostRecipients = 8

    /// The kind, as software compares it.
    let kind: String
    private let certainty: ReceivedNotice.Certainty
    private let recipients: [String]

    /// Reads a notice, or an ordinary message.
    init(_ notice: ReceivedNotice) {
        kind = NoticeMark.word(notice.kind)
        certainty = notice.certainty
        // What the other side wrote: only what is an address of the directory's narrow alphabet goes into a header.
        recipients = notice.recipients.compactMap { try? DirectoryMailAddress($0).address.text }
    }

    /// Reads the beginning of a message.
    init(reading beginning: [UInt8]) { self.init(ReceivedNotice(Message(beginning))) }

    /// Whether it is one of the two notices that a sender must act on.
    var asksForAction: Bool { kind == "absence" || kind == "boite-pleine" }

    /// The field, with its line end.
    var line: String {
        var text = "\(NoticeMark.field): \(kind)"
        if kind != "aucun" { text += "; certitude=\(NoticeMark.word(certainty))" }
        for recipient in recipients.prefix(NoticeMark.mostRecipients) { text += ";\r\n\tdestinataire=\(recipient)" }
        return text + "\r\n"
    }

    private static func word(_ kind: ReceivedNotice.Kind) -> String {
        switch kind {
        case .absence: "absence"
        case .delivery(.mailboxFull): "boite-pleine"
        case .delivery(.delivered), .delivery(.relayed), .delivery(.expanded): "remis"
        case .delivery(.delayed): "retard"
        case .delivery: "non-remis"
        case .disposition(_, isFailure: let isFailure): isFailure ? "non-traite" : "accuse"
        case .otherAutomatic: "automatique"
        case .ordinary: "aucun"
        }
    }

    private static func word(_ certainty: ReceivedNotice.Certainty) -> String {
        switch certainty {
        case .probable: "possible"
        case .likely: "probable"
        case .certain: "certaine"
        }
    }
}
