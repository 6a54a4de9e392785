package import Glibc

/// A value behind a lock of the C library: what `Mutex` of the standard library is, in a form that the thread sanitizer
/// understands (Documentation/Decisions/0006-locks.md).
///
/// The lock is not recursive and is held for the time of the closure only; no closure suspends.
package final class Guarded<Value: ~Copyable>: @unchecked Sendable {  // `value` is touched with `lock` held only
    // Seen by other modules, so that `withLock` is compiled for its place: a closure that is not called through pointers,
    // a result that needs no type made at run time.
    @usableFromInline let lock: UnsafeMutablePointer<pthread_mutex_t>
    @usableFromInline var value: Value

    /// Takes the first value, to which no other reference may remain.
    package init(_ value: consuming sending Value) {
        self.value = value
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
        let code = pthread_mutex_init(lock, nil)
        precondition(code == 0, "pthread_mutex_init: \(code)")
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Runs `body` with the value, alone.
    @inlinable
    package func withLock<Result: ~Copyable, Failure: Error>(
        _ body: (inout sending Value) throws(Failure) -> sending Result
    ) throws(Failure) -> sending Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body(&value)
    }
}

extension Guarded where Value == Int {
    /// Counts one more, unless there are `limit` already; whether it did.
    package func increment(below limit: Int) -> Bool {
        withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }
}
