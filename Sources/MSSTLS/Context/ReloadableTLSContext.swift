import MSSCore

/// Holds the ``TLSContext`` that new connections of an entry point use, and replaces it without a restart.
///
/// A connection that is already open, or in its handshake, keeps the context that it began with.
public final class ReloadableTLSContext: Sendable {
    private let held: Guarded<TLSContext>

    /// Holds a first context.
    public init(_ context: TLSContext) { held = Guarded(context) }

    /// The context for a new connection.
    public var current: TLSContext { held.withLock { $0 } }

    /// Uses another context from now on.
    public func replace(with context: TLSContext) {
        // The old one is released outside the lock.
        _ = held.withLock { held in
            let old = held
            held = context
            return old
        }
    }

    /// Changes the configuration and uses it from now on: a renewed certificate and key, another verifier, a fresh
    /// stapled OCSP response. When the result is refused, the former context stays.
    ///
    /// Concurrent updates are not merged: the last one to finish wins.
    public func update(
        _ change: (inout TLSConfiguration) -> Void
    ) throws(TLSConfigurationFailure) {
        var configuration = current.configuration
        change(&configuration)
        replace(with: try TLSContext(configuration))
    }
}
