import MSSConnector
import MSSCore
import MSSPolicy

/// The connector's own rules: what these tests prove is what an operator runs.
typealias PolicyAdapter = PolicyAccountRules

extension PolicyAccountRules {
    /// Rules for which every domain under `.mssante.fr` is the operator's.
    init(context: PolicyContext = PolicyContext()) {
        self.init(context: context) { $0.ascii.hasSuffix(".mssante.fr") }
    }
}
