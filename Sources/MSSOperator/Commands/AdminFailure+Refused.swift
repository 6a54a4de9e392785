import MSSCore

extension AdminFailure {
    /// What was asked cannot be done as it was asked: French for whoever asked, English without names for logs.
    init(refused explanation: String, _ detail: String, _ requirement: RequirementID? = nil) {
        self.init(409, explanation, requirement: requirement, detail: detail)
    }
}
