import Dispatch

/// Where commands run: on threads that may wait for a disk.
///
/// A command that reads goes on where it is, instead of handing each look at the store to another thread and waiting to be
/// woken: on a busy machine each of those two steps costs more than what is looked up (decision 0221). A backend asks
/// ``isCurrent`` before it blocks.
public final class IMAPCommandThreads: TaskExecutor {
    static let shared = IMAPCommandThreads()

    private let queue = DispatchQueue(label: "mss.imap.commands", qos: .userInitiated, attributes: .concurrent)

    private init() {}

    /// Whether the present task runs on such a thread.
    public static var isCurrent: Bool {
        withUnsafeCurrentTask { $0?.unownedTaskExecutor == shared.asUnownedTaskExecutor() }
    }

    /// Runs a part of a task.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
