import MSSCore

extension Spool {
    /// Copies the spool as it is at one moment to an empty or missing folder, while it is in use (EX_SSI_5110): all that
    /// was acknowledged before the call is in it. Nothing is decrypted: the copy is opened with the same master key.
    ///
    /// A message that ends after that moment is in the copy still: after a restore it is delivered again.
    ///
    /// - Throws: ``StoreError/notEmpty(path:)``.
    public func backUp(to destination: String) async throws {
        let held = try await commits.perform(durable: false) { log in log.hold() }
        defer { release(held) }
        try await offPool { [folder] in
            try Folder.makeEmpty(destination)
            let identity = try File(folder + "/store", .read)
            try BackupList.copy(identity, upTo: try identity.size(), to: destination + "/store")
            for one in held {
                try BackupList.copy(
                    one.segment.file, upTo: one.end, to: SpoolLayout(root: destination).segment(one.segment.number))
            }
            try Folder.synchronize(destination)
        }
    }

    private func release(_ held: [SpoolLog.Held]) {
        state.withLock { state in for one in held { state.index.usage.unpin(one.segment.number) } }
    }
}

extension SpoolLog {
    /// A segment that is kept as it is up to an end.
    struct Held: Sendable {
        var segment: SpoolSegment
        var end: Int
    }

    /// Keeps all segments, so that none is used again, up to what was last synced: every promise made is in there.
    func hold() -> [Held] {
        let current = syncedEnd
        return state.withLock { state in
            let segments = state.segments.values.sorted { $0.number < $1.number }
            for segment in segments { state.index.usage.pin(segment.number) }
            return segments.map { segment in
                Held(segment: segment, end: state.index.usage[segment.number]?.end ?? current)
            }
        }
    }
}
