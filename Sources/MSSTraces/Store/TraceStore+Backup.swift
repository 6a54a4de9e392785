extension TraceStore {
    /// Copies the journals as they are at one moment to an empty or missing folder, while they are written: every trace
    /// announced as durable before the call is in the copy, with its seals (EX_SSI_5110, EX_GDT_5010). Indexes are not
    /// copied: the first search makes them anew.
    ///
    /// The copy is a store as any other: ``TraceVerifier`` judges it, ``open(_:signer:configuration:)`` goes on with it.
    /// Anchors that saw later heads say so then, and an administrator accepts the loss (``TraceRecovery``).
    ///
    /// - Throws: ``TraceError/notAStore(path:)`` when the folder holds something already.
    public func backUp(to destination: String) async throws {
        // Segments only grow, and nothing else that is copied is ever changed: what lies within these ends is settled.
        let ends = try await onWriter { $0.ends }
        try await offPool { [layout] in try TraceCopy(layout, StoreLayout(root: destination)).run(ends) }
    }
}

/// Where a journal ends at one moment.
struct JournalEnd: Sendable {
    let head: TraceHead
    /// The segment being written, and its bytes that count.
    let open: (number: UInt64, size: Int)?
}

private struct TraceCopy {
    let source: StoreLayout
    let copy: StoreLayout

    init(_ source: StoreLayout, _ copy: StoreLayout) {
        self.source = source
        self.copy = copy
    }

    func run(_ ends: [JournalEnd]) throws(TraceError) {
        try Folder.make(copy.root)
        guard try Folder.names(copy.root).isEmpty else { throw .notAStore(path: copy.root) }
        for end in ends { try journal(end) }
        // Last: without it the folder is no store.
        try file(source.identity, copy.identity)
        try Folder.synchronize(copy.root)
    }

    private func journal(_ end: JournalEnd) throws(TraceError) {
        let family = end.head.family
        try Folder.make(copy.folder(family))
        let seals = try source.numbers(family, "seal").filter { number in end.open.map { number < $0.number } ?? true }
        for number in seals {
            // A segment of which an erasure is under way may be gone: the statement of it follows below.
            if Folder.exists(source.segment(family, number)) {
                try file(source.segment(family, number), copy.segment(family, number))
            }
            for kind in ["seal", "signature"] { try file(family, number, kind) }
        }
        if let open = end.open {
            try file(source.segment(family, open.number), copy.segment(family, open.number), upTo: open.size)
        }
        for number in try source.numbers(family, "erasure") where seals.contains(number) {
            for kind in ["erasure", "erasure-signature"] { try file(family, number, kind) }
            if !Folder.exists(source.segment(family, number)) { try Folder.remove(copy.segment(family, number)) }
        }
        try Folder.write(Array(end.head.text.utf8), to: copy.head(family))
        try Folder.synchronize(copy.folder(family))
    }

    private func file(_ family: TraceFamily, _ number: UInt64, _ kind: String) throws(TraceError) {
        try file(source.path(family, number, kind), copy.path(family, number, kind))
    }

    private func file(_ from: String, _ to: String, upTo end: Int? = nil) throws(TraceError) {
        let (source, copy) = (try File(from, .read), try File(to, .create))
        let size = try source.size()
        let end = end ?? size
        var position = 0
        while position < end {
            let bytes = try source.read(min(1 << 20, end - position), at: position)
            if bytes.isEmpty { break }
            try copy.write(bytes)
            position += bytes.count
        }
        try copy.synchronize()
    }
}
