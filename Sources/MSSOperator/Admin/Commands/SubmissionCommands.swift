import MSSConnector
import MSSCore
import MSSSMTP

/// `envoyer`: hands a message over through the operator's submission, as an administrator.
public enum SubmissionCommands {
    static let all: [any AdminCommand.Type] = [Submit.self]

    /// Submits the message that follows the arguments.
    public enum Submit: AdminCommand {
        /// What is asked.
        public struct Arguments: Codable, Sendable, Hashable {
            /// The mailbox that sends: the operator's or a test mailbox; in the trust space of tests any.
            public var from: String
            /// The recipients.
            public var to: [String]
            /// When the sender is to be told: `succes`, `echec`, `retard`.
            public var notify: [String]
            /// Whether nothing is sent as soon as one recipient is refused.
            public var wholeOnly: Bool

            /// Arguments.
            public init(from: String, to: [String], notify: [String] = [], wholeOnly: Bool = false) {
                self.from = from
                self.to = to
                self.notify = notify
                self.wholeOnly = wholeOnly
            }

            enum CodingKeys: String, CodingKey {
                case from = "de"
                case to = "a"
                case notify = "avis"
                case wholeOnly = "tous_ou_aucun"
            }

            /// Reads arguments; what has a default may be left out.
            public init(from decoder: any Decoder) throws {
                let values = try decoder.container(keyedBy: CodingKeys.self)
                from = try values.decode(String.self, forKey: .from)
                to = try values.decode([String].self, forKey: .to)
                notify = try values.decodeIfPresent([String].self, forKey: .notify) ?? []
                wholeOnly = try values.decodeIfPresent(Bool.self, forKey: .wholeOnly) ?? false
            }
        }

        /// What became of the message.
        public struct Reply: Codable, Sendable, Hashable {
            /// What became of one recipient.
            public struct Recipient: Codable, Sendable, Hashable {
                /// The address.
                public var address: String
                /// `accepte_ici`, `accepte_ailleurs`, `refuse` or `non_envoye`.
                public var outcome: String
                /// The reply that another operator would have got.
                public var reply: String?
                /// Why, in French.
                public var explanation: String?
                /// The requirement that refuses.
                public var requirement: String?

                enum CodingKeys: String, CodingKey {
                    case address = "adresse"
                    case outcome = "resultat"
                    case reply = "reponse"
                    case explanation = "explication"
                    case requirement = "exigence"
                }
            }

            /// The message's name in logs, traces and the queue; `nil` when it was not taken.
            public var message: String?
            /// Why it was not taken, in French.
            public var explanation: String?
            /// The requirement that refuses.
            public var requirement: String?
            /// Attachments taken out because of malware.
            public var removed: [String]
            /// The recipients, in the order given.
            public var recipients: [Recipient]

            enum CodingKeys: String, CodingKey {
                case message
                case explanation = "explication"
                case requirement = "exigence"
                case removed = "pieces_retirees"
                case recipients = "destinataires"
            }
        }

        /// `envoyer`.
        public static let name = "envoyer"
        /// As who handles the queue.
        public static let duty = AdministrationDuty.queue
        /// A message of the largest size, and its header.
        public static let payloadLimit = 101 << 20

        /// Submits.
        public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
            let notify = try DSNNotify(words: arguments.notify)
            let sender = try address(arguments.from)
            let recipients = try arguments.to.map { OutgoingEnvelope.Recipient(try address($0), notify: notify) }
            guard !recipients.isEmpty else { throw AdminFailure(400, "Donnez au moins un destinataire.") }
            guard !context.payload.isEmpty else { throw AdminFailure(400, "Le message est vide.") }
            // The submission traces itself, with the administrator's name.
            let submission = Submission(
                .administrator(context.caller.person), sender: sender, recipients: recipients,
                acceptsPart: !arguments.wholeOnly, means: context.caller.means)
            return Reply(await context.node.connector.submission.submit(submission, context.payload))
        }

        private static func address(_ text: String) throws(AdminFailure) -> MailAddress {
            do { return try MailAddress(text) } catch {
                throw AdminFailure(400, "« \(text.prefix(100)) » n'est pas une adresse de messagerie.")
            }
        }
    }
}

extension SubmissionCommands.Submit.Reply {
    init(_ result: SubmissionResult) {
        message = result.id?.rawValue
        explanation = result.refusal?.explanation
        requirement = result.refusal?.requirement?.rawValue
        removed = result.removedAttachments
        recipients = result.outcomes.map { recipient, outcome in
            switch outcome {
            case .acceptedHere: Recipient(address: recipient.text, outcome: "accepte_ici")
            case .acceptedElsewhere: Recipient(address: recipient.text, outcome: "accepte_ailleurs")
            case .notSent: Recipient(address: recipient.text, outcome: "non_envoye")
            case .refused(let refusal):
                Recipient(
                    address: recipient.text, outcome: "refuse",
                    reply: "\(refusal.reply) \(refusal.reply.lines.joined(separator: " "))",
                    explanation: refusal.explanation, requirement: refusal.requirement?.rawValue)
            }
        }
    }
}

extension DSNNotify {
    /// The French words of commands; none leaves it to the ordinary.
    fileprivate init?(words: [String]) throws(AdminFailure) {
        guard !words.isEmpty else { return nil }
        var notify: DSNNotify = []
        for word in words {
            switch word {
            case "succes": notify.insert(.success)
            case "echec": notify.insert(.failure)
            case "retard": notify.insert(.delay)
            default: throw AdminFailure(400, "Les avis sont succes, echec ou retard, et non « \(word.prefix(40)) ».")
            }
        }
        self = notify
    }
}
