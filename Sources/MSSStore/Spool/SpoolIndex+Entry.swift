import MSSCore
import MSSSMTP

extension SpoolIndex {
    /// What is known of the part of a message that goes to one destination.
    struct Share {
        var destination: Int32
        var due: Timestamp
        var attempts: UInt32
        var delayWasNotified: Bool
        var recipients: [UInt32]?
        var reason: String?
        /// The segment with the latest word on it.
        var segment: UInt32
        /// Of its present entry in the destination's heap.
        var stamp: UInt32 = 0
        var isQueued = false
        var lease: UInt64 = 0
        var leaseEnd = Timestamp(seconds: 0)

        var isDone: Bool { recipients?.isEmpty ?? false }
    }

    /// What is known of a message.
    struct Entry {
        var name: DeliveryID
        var arrival: Timestamp
        /// The transaction with the envelope.
        var segment: UInt32
        var offset: UInt32
        /// The segment that says whether it is held, if another than `segment`.
        var holdSegment: UInt32?
        /// As somebody decided: on the disk.
        var isHeld: Bool
        /// On disk for good: may be leased.
        var isActive = false
        /// A piece could not be read in this life of the process. Not on the disk: the next life reads again.
        var isDamaged = false
        var mendsLineEnds: Bool
        var content: StoredContent
        var sevenBit: StoredContent?
        var shares: [Share]

        /// Not leased until somebody decides.
        var isKeptBack: Bool { isHeld || isDamaged }
    }
}
