public import MSSCore
public import MSSSMTP
public import NIOCore

/// Why a spool takes nothing more.
public enum MessageSpoolError: Error, Sendable, Hashable {
    /// No room: nothing of the message is kept, and there may be room later (452 4.3.1).
    case noRoom
}

/// Takes messages as they arrive and keeps those that pass their checks, until each recipient was served.
///
/// The connector reads a message into a draft, has it scanned from there, and commits it: one step that makes message,
/// envelope and whatever notices go with it durable, and only then is the sender told `250`. Local recipients and remote
/// ones stand in the same envelope; the delivery queue serves both.
///
/// Nothing here assumes one process or one file: several connectors may share a spool.
public protocol MessageSpool: Sendable {
    /// Where committed messages wait for their delivery.
    var queue: any DeliveryQueue { get }

    /// Begins a message.
    ///
    /// - Throws: ``MessageSpoolError/noRoom`` when there is no room, here as in everything that a draft does; any other
    ///   error is a fault. The sender is asked to come back either way.
    func draft() async throws -> any MessageDraft
}

/// A message that is arriving. Used by one task; what is neither committed nor discarded is gone with the process.
public protocol MessageDraft: Sendable {
    /// Adds a piece. Returning late is what slows the sender down.
    func append(_ piece: ByteBuffer) async throws

    /// What was added so far, from its beginning, as often as asked. Valid until the draft is committed or discarded.
    func content() async throws -> SMTPContent

    /// Keeps the message under this name, for these recipients, together with other messages that belong to it (notices
    /// to the sender): all of them or none. Once this returns, they survive a crash and a power cut (RFC 5321 §6.1).
    func commit(
        _ id: DeliveryID, _ envelope: OutgoingEnvelope, with others: [NewDelivery], at now: Timestamp
    ) async throws

    /// Forgets the message; after a commit it does nothing.
    func discard() async
}
