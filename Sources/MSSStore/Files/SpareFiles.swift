import Dispatch
import Glibc
import MSSCore

/// Files ready to be written (`0000000001.free`): zeros written over all of them, so that writing them again changes nothing that the
/// file system itself must note.
final class SpareFiles: Sendable {
    private struct Ready {
        var paths: [String]
        var isPreparing = false
        var isClosed = false
    }

    private let root: String
    private let size: Int
    private let wanted: Int
    private let limit: Int?
    private let ready: Guarded<Ready>
    private let names: Guarded<UInt32>
    private let background = DispatchQueue(label: "mss.store.spares", qos: .utility)

    /// Files of another size are removed; missing ones are made, as far as there is room.
    init(_ root: String, size: Int, wanted: Int, limit: Int? = nil) throws(StoreError) {
        self.root = root
        self.size = size
        self.wanted = wanted
        self.limit = limit
        var paths: [String] = []
        let numbers = try Folder.numbers(root, "free")
        for number in numbers {
            let path = SpareFiles.path(root, number)
            if try File(path, .readWrite).size() == size { paths.append(path) } else { try Folder.remove(path) }
        }
        names = Guarded((numbers.last ?? 0) + 1)
        ready = Guarded(Ready(paths: paths))
        while count < wanted, let path = try? prepare() { ready.withLock { $0.paths.append(path) } }
    }

    private static func path(_ root: String, _ number: UInt32) -> String { "\(root)/\(Folder.name(number)).free" }

    var count: Int { ready.withLock { $0.paths.count } }

    /// A file for the next segment. What makes the log grow leaves the last one for what makes it shrink.
    func take(isGrowth: Bool) throws(StoreError) -> File {
        let path = ready.withLock { $0.paths.count > 1 ? $0.paths.removeLast() : nil }
        defer { refill() }
        if let path { return try File(path, .readWrite) }
        do throws(StoreError) { return try File(try prepare(), .readWrite) } catch {
            guard !isGrowth, let last = ready.withLock({ $0.paths.popLast() }) else { throw error }
            return try File(last, .readWrite)
        }
    }

    /// Takes back a file: its beginning is overwritten, and with it a key that makes noise of the rest.
    func give(_ file: File) {
        let number = names.withLock { number in
            defer { number += 1 }
            return number
        }
        let path = SpareFiles.path(root, number)
        do throws(StoreError) {
            try file.write([UInt8](repeating: 0, count: SpoolRecord.headerCount), at: 0)
            try file.synchronize()
            if count < wanted + 2 {
                try Folder.rename(file.path, to: path)
                ready.withLock { $0.paths.append(path) }
            } else {
                try Folder.remove(file.path)
            }
        } catch {
            // The log says that it is free: the next start removes it.
        }
    }

    private func refill() {
        let starts = ready.withLock { ready in
            guard !ready.isPreparing, !ready.isClosed, ready.paths.count < wanted else { return false }
            ready.isPreparing = true
            return true
        }
        guard starts else { return }
        background.async { [self] in
            while ready.withLock({ !$0.isClosed && $0.paths.count < wanted }), let path = try? prepare() {
                ready.withLock { $0.paths.append(path) }
            }
            ready.withLock { $0.isPreparing = false }
        }
    }

    /// Waits until nothing is prepared any more.
    func close() {
        ready.withLock { $0.isClosed = true }
        background.sync {}
    }

    /// Makes a file of zeros. Blocks.
    private func prepare() throws(StoreError) -> String {
        if let limit {
            let count = try Folder.names(root).filter { $0.hasSuffix(".segment") || $0.hasSuffix(".free") }.count
            guard (count + 1) * size <= limit else { throw .diskFull(path: root) }
        }
        let number = names.withLock { number in
            defer { number += 1 }
            return number
        }
        let path = SpareFiles.path(root, number)
        let temporary = path + ".new"
        do throws(StoreError) {
            let file = try File(temporary, .create)
            try file.fill(0..<size)
            try file.synchronize()
            try Folder.rename(temporary, to: path)
            return path
        } catch {
            unlink(temporary)
            throw error
        }
    }
}
