/// What is done about malware, and about messages that cannot be scanned.
public struct ScreeningPolicy: Sendable, Hashable {
    /// What is done about malware: the two choices of EX_SSI_5090.
    public enum Infected: Sendable, Hashable {
        /// The message is refused, with the reason.
        case refuse
        /// The message goes on without the infected attachments; sender and recipients are told. When the infection
        /// cannot be taken out, the message is refused.
        case removeAttachments
    }

    /// What is done about a message without a verdict. None of it is a silent pass.
    public enum Unscanned: Sendable, Hashable {
        /// The sender is asked to come back (4yz).
        case postpone
        /// The message is refused for good.
        case refuse
        /// The message goes on with a field that says so, and an event is raised.
        case deliverMarked
    }

    /// What is done about malware.
    public var infected: Infected
    /// What is done when the scanner cannot be had.
    public var unavailable: Unscanned
    /// What is done about a message that the scanner finds too large: coming back would not help.
    public var tooLarge: Unscanned

    /// A policy.
    public init(
        infected: Infected = .refuse, unavailable: Unscanned = .postpone, tooLarge: Unscanned = .refuse
    ) {
        self.infected = infected
        self.unavailable = unavailable
        self.tooLarge = tooLarge
    }
}
