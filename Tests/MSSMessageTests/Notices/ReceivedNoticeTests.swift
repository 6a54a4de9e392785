import MSSCore
import MSSMessage
import Testing

/// Notices written after the known wording of each product, about invented people; none is a copy of a real message.
@Suite("Notices of other systems (EX_GBM_4430)")
struct ReceivedNoticeTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        let origin: String
        let kind: ReceivedNotice.Kind
        let header: String
        let body: String
        var testDescription: String { origin }
        var message: Message {
            Message(
                Array(
                    (header + "\nContent-Type: text/plain; charset=utf-8\n\n" + body).replacing("\n", with: "\r\n").utf8
                ))
        }
    }

    static let samples: [Sample] = [
        Sample(
            origin: "Exchange, absence, French", kind: .absence,
            header:
                "From: Dr A <a@x.fr>\nSubject: Réponse automatique : CR de consultation\nAuto-Submitted: auto-generated\nX-Auto-Response-Suppress: All",
            body: "Bonjour, je suis absente jusqu'au 3 mars."),
        Sample(
            origin: "Exchange, absence, English", kind: .absence,
            header: "From: a@x.fr\nSubject: Automatic reply: CR\nAuto-Submitted: auto-generated",
            body: "I am out of the office."),
        Sample(
            origin: "Outlook, old, without marks", kind: .absence,
            header: "From: a@x.fr\nSubject: Absence du bureau : CR de consultation", body: "De retour le 12."),
        Sample(
            origin: "Zimbra, absence", kind: .absence,
            header:
                "From: a@x.fr\nSubject: Re: CR de consultation\nAuto-Submitted: auto-replied (zimbra; vacation)\nPrecedence: bulk",
            body: "Je suis en congés, de retour le 4 janvier."),
        Sample(
            origin: "Dovecot Sieve vacation", kind: .absence,
            header:
                "From: a@x.fr\nSubject: Auto: CR\nAuto-Submitted: auto-replied (vacation)\nX-Auto-Response-Suppress: All",
            body: "Le cabinet est fermé cette semaine."),
        Sample(
            origin: "OVH répondeur", kind: .absence,
            header: "From: a@x.fr\nSubject: Réponse automatique\nX-Autoreply: yes",
            body: "Bonjour, en mon absence, joindre le secrétariat."),
        Sample(
            origin: "cPanel autoresponder", kind: .absence,
            header: "From: a@x.fr\nSubject: Fermeture\nX-Autorespond: CR\nPrecedence: auto_reply",
            body: "Le secrétariat est fermé jusqu\u{2019}au 2."),
        Sample(
            origin: "Exchange, full, French, words only", kind: .delivery(.mailboxFull),
            header: "From: Microsoft Outlook <postmaster@x.fr>\nSubject: Non remis : CR",
            body:
                "Échec de la remise à ces destinataires : b@x.fr\nLa boîte aux lettres du destinataire est pleine et n'accepte plus de messages."
        ),
        Sample(
            origin: "Exchange, full, English", kind: .delivery(.mailboxFull),
            header: "From: postmaster@x.fr\nSubject: Undeliverable: CR",
            body: "b@x.fr\nThe recipient's mailbox is full and can't accept messages now."),
        Sample(
            origin: "Postfix, quota, words only", kind: .delivery(.mailboxFull),
            header:
                "From: MAILER-DAEMON@mx.x.fr (Mail Delivery System)\nSubject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied",
            body:
                "<b@x.fr>: host store.x.fr said: 552 5.2.2 Quota exceeded (mailbox for user is full) (in reply to end of DATA)"
        ),
        Sample(
            origin: "Dovecot LMTP, quota", kind: .delivery(.mailboxFull),
            header: "From: Mail Delivery Subsystem <MAILER-DAEMON@x.fr>\nSubject: Rejected: CR",
            body: "Your message to <b@x.fr> was automatically rejected:\nQuota exceeded (mailbox for user is full)"),
        Sample(
            origin: "Exim, quota", kind: .delivery(.mailboxFull),
            header:
                "From: Mail Delivery System <Mailer-Daemon@x.fr>\nSubject: Mail delivery failed: returning message to sender\nX-Failed-Recipients: b@x.fr",
            body: "b@x.fr\n    mailbox is full: retry timeout exceeded"),
        Sample(
            origin: "OVH, quota", kind: .delivery(.mailboxFull),
            header: "From: MAILER-DAEMON@mx.ovh.example\nSubject: failure notice",
            body: "<b@x.fr>:\nUser has exceeded his/her storage quota. Please contact by other means."),
        Sample(
            origin: "French operator, saturation", kind: .delivery(.mailboxFull),
            header: "From: postmaster@x.fr\nSubject: Message de saturation de BAL",
            body: "Votre message n'a pas pu être remis : la boîte aux lettres est saturée."),
        Sample(
            origin: "Zimbra, quota", kind: .delivery(.mailboxFull),
            header: "From: MAILER-DAEMON@zimbra.x.fr\nSubject: Undelivered Mail Returned to Sender",
            body: "<b@x.fr>: host zimbra.x.fr said: 452 4.2.2 Over quota"),
        Sample(
            origin: "Postfix, unknown", kind: .delivery(.unknownAddress),
            header: "From: MAILER-DAEMON@mx.x.fr\nSubject: Undelivered Mail Returned to Sender",
            body: "<b@x.fr>: 550 5.1.1 <b@x.fr>: Recipient address rejected: User unknown in virtual mailbox table"),
        Sample(
            origin: "Exchange, unknown, French", kind: .delivery(.unknownAddress),
            header: "From: postmaster@x.fr\nSubject: Non remis : CR",
            body: "L'adresse de messagerie que vous avez entrée est introuvable."),
        Sample(
            origin: "Suspended", kind: .delivery(.mailboxSuspended),
            header: "From: MAILER-DAEMON@x.fr\nSubject: Undelivered Mail", body: "550 5.2.1 account disabled"),
        Sample(
            origin: "Postfix, delay", kind: .delivery(.delayed),
            header: "From: MAILER-DAEMON@x.fr\nSubject: Delayed Mail (still being retried)",
            body: "YOU DO NOT NEED TO RESEND YOUR MESSAGE."),
        Sample(
            origin: "Virus", kind: .delivery(.malware), header: "From: postmaster@x.fr\nSubject: Message non remis",
            body: "Un virus a été détecté dans la pièce jointe."),
        Sample(
            origin: "A colleague who writes of a full mailbox", kind: .ordinary,
            header: "From: c@x.fr\nSubject: Ma boîte",
            body: "Cher confrère, ma boîte aux lettres est pleine en ce moment, 5.2.2 me dit-on."),
        Sample(
            origin: "A colleague who will be away", kind: .ordinary, header: "From: c@x.fr\nSubject: Patient Vial",
            body: "Je suis absent du bureau la semaine prochaine, voyons-nous avant."),
        Sample(
            origin: "An answer to a notice", kind: .ordinary, header: "From: c@x.fr\nSubject: RE: Non remis : CR",
            body: "J'ai bien vu que la boîte aux lettres du destinataire est pleine."),
        Sample(
            origin: "A medical report with numbers", kind: .ordinary, header: "From: c@x.fr\nSubject: Biologie",
            body: "Potassium 5.1.1 ? Créatinine 5.2.2 ; patient en congés maladie."),
        Sample(
            origin: "A newsletter", kind: .otherAutomatic,
            header: "From: news@x.fr\nSubject: Lettre du mois\nList-Id: <news.x.fr>\nPrecedence: bulk",
            body: "Le cabinet est fermé en août."),
        Sample(
            origin: "A ticket acknowledged", kind: .otherAutomatic,
            header: "From: support@x.fr\nSubject: [Ticket 12] Votre demande\nAuto-Submitted: auto-generated",
            body: "Nous avons bien reçu votre demande. Pendant mon absence n'est pas en cause."),
    ]

    @Test(
        "EX_GBM_4430: absences and full mailboxes are recognised, ordinary mail is not taken for them",
        arguments: samples)
    func recognised(sample: Sample) {
        let notice = ReceivedNotice(sample.message)
        #expect(notice.kind == sample.kind, "\(notice.evidence)")
        if notice.kind != .ordinary { #expect(!notice.evidence.isEmpty || notice.kind == .otherAutomatic) }
        if notice.kind == .ordinary { #expect(notice.evidence.isEmpty) }
    }

    @Test("EX_GBM_4430: a full mailbox in a report for machines is certain, with the address and the evidence")
    func report() {
        let text = """
            From: MAILER-DAEMON@x.fr
            Subject: Undelivered
            Content-Type: multipart/report; report-type=delivery-status; boundary=b

            --b
            Content-Type: text/plain

            whatever
            --b
            Content-Type: message/delivery-status

            Reporting-MTA: dns; mx.x.fr

            Original-Recipient: rfc822;bal@x.fr
            Final-Recipient: rfc822;b@x.fr
            Action: delayed
            Status: 4.2.2
            --b--

            """
        let notice = ReceivedNotice(Message(Array(text.replacing("\n", with: "\r\n").utf8)))
        #expect(notice.isOverQuota && notice.certainty == .certain)
        #expect(notice.recipients == ["bal@x.fr"] && notice.evidence == [.deliveryReport("4.2.2")])
    }

    @Test("The failed addresses are named as far as the notice does")
    func recipients() {
        let exim = Self.samples.first { $0.origin == "Exim, quota" }!
        #expect(ReceivedNotice(exim.message).recipients == ["b@x.fr"])
        let postfix = Self.samples.first { $0.origin == "Postfix, quota, words only" }!
        #expect(ReceivedNotice(postfix.message).recipients == ["b@x.fr"])
    }
}
