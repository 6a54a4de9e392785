import MSSAccounts
import MSSCore

extension AccessGate {
    /// What follows the words of EX_LPS_0710 in the answer to a refused login: nothing, where they are for whoever tries;
    /// but who has proven who she is, and may come in once she did something, is told what (EX_DCU_5030).
    func advice(on refusal: AccessRefusal) -> String {
        guard refusal == .rights(.termsNotAccepted), let requirement = refusal.requirement else { return "" }
        var text = ": [\(requirement)] \(refusal.explanation)"
        if let terms = information?.terms {
            text += " Version \(terms.version)\(terms.address.map { " : \($0)" } ?? "")."
        }
        if let information { text += " Contact : \(information.contact)." }
        return text.frenchInASCII
    }
}
