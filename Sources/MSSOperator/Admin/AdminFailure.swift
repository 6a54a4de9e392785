import Foundation
public import MSSCore

/// Why a command was not obeyed, as the administrator reads it and as JSON says it.
public struct AdminFailure: ExplainedFailure, Hashable {
    /// The kinds of the socket itself.
    enum Kind: Hashable {
        case unknownCommand
        case wrongMethod
        case tooLarge
        case arguments
        case unknownPeer
        case notAnAdministrator
        case noName
        case otherName
        case notAllowed(AdministrationDuty)
    }

    /// The HTTP status: 4xx for what the caller can mend, 409 for what a rule refuses, 500 for a fault of the operator.
    public var status: Int
    /// The requirement that refuses, where there is one.
    public var requirement: RequirementID?
    /// The French sentence.
    public var explanation: String
    /// English, for logs.
    public var description: String

    /// A failure of a command's own.
    public init(_ status: Int, _ explanation: String, requirement: RequirementID? = nil, detail: String = "refused") {
        self.status = status
        self.requirement = requirement
        self.explanation = explanation
        description = detail
    }

    init(_ kind: Kind, _ detail: String = "") {
        switch kind {
        case .unknownCommand:
            self.init(404, "Cette commande n'existe pas : vos versions de mss-operator diffèrent peut-être.")
        case .wrongMethod: self.init(405, "Les commandes sont demandées par POST.")
        case .tooLarge: self.init(413, "La demande est trop grande.")
        case .arguments: self.init(400, "Les arguments ne sont pas ceux de la commande : \(detail).")
        case .unknownPeer: self.init(403, "Le système ne dit pas qui demande.", requirement: "EX_SSI_5155")
        case .notAnAdministrator:
            self.init(403, "Ce compte n'est pas celui d'un administrateur du service.", requirement: "EX_SSI_5155")
        case .noName:
            self.init(
                403, "Un administrateur agit sous son nom : donnez-le par --par ou MSS_ADMINISTRATEUR.",
                requirement: "EX_SSI_5155")
        case .otherName:
            self.init(403, "Un administrateur n'agit pas sous le nom d'un autre.", requirement: "EX_SSI_5155")
        case .notAllowed(let duty):
            self.init(
                403, "Votre compte d'administration n'a pas le droit « \(duty.rawValue) ».", requirement: "EX_SSI_5155")
        }
        description = "\(kind) \(detail)"
    }

    /// Any error as one: what explains itself is told, the rest is a fault of the operator's, told in its log only.
    init(_ error: any Error) {
        switch error {
        case let failure as AdminFailure: self = failure
        case let failure as any ExplainedFailure:
            self.init(409, failure.explanation, requirement: failure.requirement, detail: "\(failure)")
        default: self.init(500, "Erreur interne : voir le journal du service.", detail: "\(error)")
        }
    }

    /// The form on the socket.
    struct Body: Codable {
        var explication: String
        var exigence: String?
    }

    var json: [UInt8] {
        let body = Body(explication: explanation, exigence: requirement?.rawValue)
        return (try? JSONEncoder().encode(body)).map { Array($0) } ?? Array("{}".utf8)
    }
}
