import Dispatch
import Glibc

/// Where commands run: on threads that may wait for a disk.
///
/// A command that reads goes on where it is, instead of handing each look at the store to another thread and waiting to be
/// woken: on a busy machine each of those two steps costs more than what is looked up (decision 0221). A backend asks
/// ``isCurrent`` before it blocks.
public final class IMAPCommandThreads: TaskExecutor {
    static let shared = IMAPCommandThreads()

    private let queue = DispatchQueue(label: "mss.imap.commands", qos: .userInitiated, attributes: .concurrent)

    /// What a thread does next: mostly the next part of the task whose part it does now.
    private final class Turn {
        var next: UnownedJob?
    }

    /// The turn of the present thread, while it has one.
    private let turn: pthread_key_t

    /// Parts that a thread does one after the other before all others that wait have their turn.
    private static let most = 16

    private init() {
        var key = pthread_key_t()
        guard pthread_key_create(&key, nil) == 0 else { fatalError("no key for threads") }
        turn = key
    }

    /// Whether the present task runs on such a thread.
    public static var isCurrent: Bool {
        withUnsafeCurrentTask { $0?.unownedTaskExecutor == shared.asUnownedTaskExecutor() }
    }

    /// Runs a part of a task: where it comes from such a thread, on that one when it has done its present part, which
    /// spares waking another; what waited there before goes to another.
    public func enqueue(_ job: consuming ExecutorJob) {
        var job = UnownedJob(job)
        if let place = pthread_getspecific(turn) {
            let turn = Unmanaged<Turn>.fromOpaque(place).takeUnretainedValue()
            let before = turn.next
            turn.next = job
            guard let before else { return }
            job = before
        }
        dispatch(job)
    }

    private func dispatch(_ job: UnownedJob) { queue.async { self.run(job) } }

    private func run(_ first: UnownedJob) {
        let own = Turn()
        pthread_setspecific(turn, Unmanaged.passUnretained(own).toOpaque())
        defer { pthread_setspecific(turn, nil) }
        var job = first
        for _ in 1..<Self.most {
            job.runSynchronously(on: asUnownedTaskExecutor())
            guard let next = own.next else { return }
            own.next = nil
            job = next
        }
        // The others' turn.
        dispatch(job)
    }
}
