import MSSCore

/// A value that several threads of a test look at.
final class Shared<Value: Sendable>: Sendable {
    private let mutex: Guarded<Value>
    init(_ value: Value) { mutex = Guarded(value) }
    var value: Value { mutex.withLock { $0 } }
    func update(_ change: @Sendable (inout Value) -> Void) { mutex.withLock { change(&$0) } }
}
