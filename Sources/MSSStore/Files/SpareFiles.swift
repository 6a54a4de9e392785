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

    /// No smaller file serves, however full the disk is.
    static let smallest = 64 << 10

    /// Files of another size are removed, and what a crash left unfinished; missing ones are made, as far as there is room.
    init(_ root: String, size: Int, wanted: Int, limit: Int? = nil) throws(StoreError) {
        self.root = root
        self.size = size
        self.wanted = wanted
        self.limit = limit
        var paths: [String] = []
        for name in try Folder.names(root) where name.hasSuffix(".free.new") { try Folder.remove("\(root)/\(name)") }
        let numbers = try Folder.numbers(root, "free")
        for number in numbers {
            let path = SpareFiles.path(root, number)
            if try File(path, .readWrite).size() == size { paths.append(path) } else { try Folder.remove(path) }
        }
        names = Guarded((numbers.last ?? 0) + 1)
        ready = Guarded(Ready(paths: paths))
        while count < wanted, let path = try? prepare(size) { ready.withLock { $0.paths.append(path) } }
    }

    private static func path(_ root: String, _ number: UInt32) -> String { "\(root)/\(Folder.name(number)).free" }

    var count: Int { ready.withLock { $0.paths.count } }

    /// A file for the next segment. What makes the log grow leaves the last one for what makes it shrink, which is content
    /// with a smaller one where there is no room for another.
    ///
    /// - Parameter needed: bytes that the file must have.
    func take(isGrowth: Bool, atLeast needed: Int = 0) throws(StoreError) -> File {
        let path = ready.withLock { $0.paths.count > 1 ? $0.paths.removeLast() : nil }
        defer { refill() }
        if let path { return try File(path, .readWrite) }
        do throws(StoreError) { return try File(try prepare(size), .readWrite) } catch {
            guard !isGrowth else { throw error }
            if let last = ready.withLock({ $0.paths.popLast() }) { return try File(last, .readWrite) }
            var smaller = size / 2
            while smaller >= max(needed, SpareFiles.smallest) {
                if let path = try? prepare(smaller & ~0xFFF) { return try File(path, .readWrite) }
                smaller /= 2
            }
            throw error
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
            // One of another size serves nobody.
            if count < wanted + 2, try file.size() == size {
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
            while ready.withLock({ !$0.isClosed && $0.paths.count < wanted }), let path = try? prepare(size) {
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
    private func prepare(_ size: Int) throws(StoreError) -> String {
        if let limit {
            var used = size
            for name in try Folder.names(root) where name.hasSuffix(".segment") || name.hasSuffix(".free") {
                used += try File("\(root)/\(name)", .read).size()
            }
            guard used <= limit else { throw .diskFull(path: root) }
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
