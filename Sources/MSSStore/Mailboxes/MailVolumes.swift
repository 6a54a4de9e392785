import MSSCore

/// The files that hold encrypted messages: shared ones, filled one after the other with short messages, and files of one
/// long message each. Reads from any thread.
final class MailVolumes: Sendable {
    let root: String
    private let open = Guarded<[UInt32: File]>([:])
    private let holds = Guarded<(count: Int, waiting: [@Sendable () -> Void])>((0, []))
    private let next: Guarded<UInt32>

    /// Files kept open.
    private static let limit = 128

    init(_ root: String) throws(StoreError) {
        self.root = root + "/volumes"
        try Folder.make(self.root)
        next = Guarded((try Folder.numbers(self.root, "volume").last ?? 0) + 1)
    }

    func path(_ number: UInt32) -> String { "\(root)/\(Folder.name(number)).volume" }

    /// A number that no file has or had in this life of the process.
    func nextNumber() -> UInt32 {
        next.withLock { next in
            defer { next += 1 }
            return next
        }
    }

    func file(_ number: UInt32) throws(StoreError) -> File {
        if let file = open.withLock({ $0[number] }) { return file }
        let file = try File(path(number), .readWrite)
        open.withLock { open in
            if open.count >= MailVolumes.limit { open.removeAll() }
            open[number] = file
        }
        return file
    }

    func forget(_ number: UInt32) { open.withLock { $0[number] = nil } }

    /// Does something to files that nothing needs any more: at once, or when no backup runs.
    func whenFree(_ body: @escaping @Sendable () -> Void) {
        let isHeld = holds.withLock { holds in
            if holds.count > 0 { holds.waiting.append(body) }
            return holds.count > 0
        }
        if !isHeld { body() }
    }

    /// Keeps every file as long as `body` runs.
    func holding<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        holds.withLock { $0.count += 1 }
        defer {
            let waiting = holds.withLock { holds in
                holds.count -= 1
                guard holds.count == 0 else { return [@Sendable () -> Void]() }
                defer { holds.waiting = [] }
                return holds.waiting
            }
            for body in waiting { body() }
        }
        return try await body()
    }
}
