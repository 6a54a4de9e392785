public import Logging
public import MSSCore
public import MSSTraces

/// A command of administrators, as the running operator obeys it.
///
/// A type without values: what is asked comes as ``Arguments``, everything else by the ``AdminContext``. To add one, write
/// such a type in a file of its own and name it in ``AdminRegistry/commands``.
public protocol AdminCommand: Sendable {
    /// What is asked, as JSON.
    associatedtype Arguments: Codable & Sendable
    /// What is answered, as JSON.
    associatedtype Reply: Codable & Sendable

    /// The name in the path: lower case letters and `-`, for example `file-relancer`.
    static var name: String { get }
    /// What the administrator must be allowed.
    static var duty: AdministrationDuty { get }
    /// The largest payload that may follow the arguments, in octets; 0 for none.
    static var payloadLimit: Int { get }
    /// What is to be traced of a call, whether it succeeds or not; `nil` for one that changes nothing and shows nothing
    /// of anybody.
    static func trace(_ arguments: Arguments) -> AdminTrace?
    /// Does it.
    ///
    /// - Throws: an `ExplainedFailure` for what the administrator is to read; anything else is an internal error.
    static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply
}

extension AdminCommand {
    /// No payload.
    public static var payloadLimit: Int { 0 }
    /// Nothing to trace.
    public static func trace(_ arguments: Arguments) -> AdminTrace? { nil }
}

/// Arguments or a reply without a value.
public struct AdminNothing: Codable, Sendable, Hashable {
    /// Nothing.
    public init() {}
}

/// What is traced of a command.
public struct AdminTrace: Sendable {
    /// The kind of action.
    public var action: TraceAction
    /// The mailbox concerned.
    public var mailbox: MailAddress?
    /// What was asked, in short; no content, no secret.
    public var request: String
    /// Attributes before and after.
    public var changes: [TraceChange]

    /// A trace.
    public init(
        _ action: TraceAction = .changeConfiguration, _ request: String, mailbox: MailAddress? = nil,
        changes: [TraceChange] = []
    ) {
        self.action = action
        self.request = request
        self.mailbox = mailbox
        self.changes = changes
    }
}

/// What a command works with.
public struct AdminContext: Sendable {
    /// The running operator.
    public let node: OperatorNode
    /// Who asks.
    public let caller: AdminCaller
    /// What followed the arguments.
    public let payload: [UInt8]
    /// Logs, with the administrator's name.
    public let logger: Logger
    /// The present.
    public var now: Timestamp { node.clock.now() }
}

/// Who asks, as the kernel and the settings know her (EX_SSI_5155).
public struct AdminCaller: Sendable, Hashable {
    /// The administrator, by name.
    public var person: TracePerson
    /// The number of her account on this machine.
    public var user: UInt32
    /// Her process.
    public var process: Int32

    /// The technical means, for traces.
    public var means: TraceMeans {
        TraceMeans(software: "mss-operator", channel: "console", address: "uid \(user) pid \(process)")
    }
}
