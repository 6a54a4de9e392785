import MSSCore
import NIOCore

/// A file that is being written; removed with the last reference when it was not finished.
final class HeldWriting: Sendable {
    private struct State {
        var file: File?
        var position = 0
        var isFinished = false
    }

    private let quarantine: SealedQuarantine
    private let path: String
    private let state = Guarded(State())

    init(_ quarantine: SealedQuarantine, _ path: String) {
        self.quarantine = quarantine
        self.path = path
    }

    deinit {
        let state = state.withLock { $0 }
        guard !state.isFinished else { return }
        if state.file != nil { try? Folder.remove(path) }
        quarantine.giveBack(state.position)
    }

    func add(_ bytes: [UInt8]) async throws {
        try quarantine.reserve(bytes.count)
        let place = state.withLock { state in
            defer { state.position += bytes.count }
            return state.position
        }
        try await offPool { [self] in
            let present = state.withLock { $0.file }
            let file = try present ?? File(path, .create)
            state.withLock { $0.file = file }
            try file.write(bytes, at: place)
        }
    }

    /// The file's bytes, once it is on the disk under its name.
    func finish(as name: String) async throws -> Int {
        try await offPool { [self] in
            try state.withLock { $0.file }?.synchronize()
            try Folder.rename(path, to: name)
        }
        return state.withLock { state in
            state.isFinished = true
            return state.position
        }
    }
}

/// The octets of a message in quarantine, frame by frame.
struct HeldContent: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let file: File
    let key: SealingKey
    let name: [UInt8]
    let size: Int

    struct AsyncIterator: AsyncIteratorProtocol {
        let content: HeldContent
        var index = 0

        mutating func next() async throws -> ByteBuffer? {
            let (content, index) = (content, index)
            let count = BlobFormat.frames(content.size)
            guard index < count else { return nil }
            self.index += 1
            return try await offPool {
                let place = BlobFormat.place(index, size: content.size)
                let offset = HeldFormat.headerCount + place.offset
                let sealed = try content.file.read(place.count + SealingKey.tagCount, at: offset)
                guard
                    let plain = try BlobFormat.open(
                        sealed, index: index, isLast: index == count - 1, content.name, content.key)
                else { throw StoreError.damaged(path: content.file.path, offset: offset, reason: "frame") }
                return ByteBuffer(bytes: plain)
            }
        }
    }

    func makeAsyncIterator() -> AsyncIterator { AsyncIterator(content: self) }
}
