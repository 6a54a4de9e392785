import MSSCore
import Synchronization

/// Holds the list in force: read without a lock by any number of threads, replaced now and then.
///
/// A reader announces itself in a counter, takes a reference to the list, and leaves the counter. A replaced list is
/// kept alive until a moment is seen, after its replacement, in which no reader was announced.
final class SnapshotCell: @unchecked Sendable {
    // Proof of @unchecked Sendable: `current` and `readers` are atomic, `retired` is guarded by its mutex.
    // Why a reader never meets a freed list: every operation below is sequentially consistent. A reader that loaded
    // the old pointer incremented `readers` before the exchange and decrements it after retaining the object. Lists
    // are released only after the counter was read as 0 later than the exchange: in the total order of operations such
    // a reader has then already retained it. A reader that increments later loads the new pointer.
    private let current: Atomic<UnsafeMutableRawPointer?>
    private let readers = Atomic<Int>(0)
    private let retired = Guarded<[WhitelistStorage]>([])

    init() { current = Atomic(nil) }

    deinit {
        // The last reference to the cell: no reader is left.
        if let pointer = current.load(ordering: .sequentiallyConsistent) {
            Unmanaged<WhitelistStorage>.fromOpaque(pointer).release()
        }
    }

    /// The list in force.
    var snapshot: WhitelistSnapshot? {
        readers.add(1, ordering: .sequentiallyConsistent)
        let pointer = current.load(ordering: .sequentiallyConsistent)
        let storage = pointer.map { Unmanaged<WhitelistStorage>.fromOpaque($0).takeUnretainedValue() }
        // The reference above is strong from here on.
        return withExtendedLifetime(storage) {
            readers.subtract(1, ordering: .sequentiallyConsistent)
            return storage.map(WhitelistSnapshot.init(storage:))
        }
    }

    /// Puts another list in force.
    func replace(by snapshot: WhitelistSnapshot) {
        let new = Unmanaged.passRetained(snapshot.storage).toOpaque()
        let old = current.exchange(new, ordering: .sequentiallyConsistent)
        retired.withLock { retired in
            // Takes over the reference that the cell held.
            if let old { retired.append(Unmanaged<WhitelistStorage>.fromOpaque(old).takeRetainedValue()) }
            // Lists change daily: when readers are seen every time, a list waits for the next replacement.
            for _ in 0..<1000 where readers.load(ordering: .sequentiallyConsistent) == 0 {
                retired.removeAll()
                return
            }
        }
    }

    /// How many replaced lists are still held: for tests.
    var retiredCount: Int { retired.withLock { $0.count } }
}

extension WhitelistSnapshot {
    init(storage: WhitelistStorage) { self.storage = storage }
}
