import Glibc

/// Where the files of a store lie.
///
///     store                              identity and format
///     lock                               held by the one writer
///     functional/, technical/            the journals
///         0000000001.segment             records
///         0000000001.index               search index, made anew from the segment at need
///         0000000001.seal, .signature    what the segment held when it was closed, signed
///         0000000001.erasure, .erasure-signature   what was erased since, signed
///         head                           the last record announced as durable
///         set-aside-…                    bytes that a crash left half written
struct StoreLayout: Sendable, Hashable {
    let root: String

    var identity: String { root + "/store" }
    var lock: String { root + "/lock" }
    func folder(_ family: TraceFamily) -> String { "\(root)/\(family.rawValue)" }
    func head(_ family: TraceFamily) -> String { folder(family) + "/head" }

    func path(_ family: TraceFamily, _ number: UInt64, _ kind: String) -> String {
        "\(folder(family))/\(StoreLayout.name(number)).\(kind)"
    }

    func segment(_ family: TraceFamily, _ number: UInt64) -> String { path(family, number, "segment") }
    func index(_ family: TraceFamily, _ number: UInt64) -> String { path(family, number, "index") }

    static func name(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 10 - digits.utf8.count)) + digits
    }

    /// The numbers of the files of one kind, in order.
    func numbers(_ family: TraceFamily, _ kind: String) throws(TraceError) -> [UInt64] {
        try Folder.names(folder(family)).compactMap { name in
            guard name.hasSuffix("." + kind) else { return nil }
            let number = UInt64(name.dropLast(kind.utf8.count + 1))
            return number.flatMap { StoreLayout.name($0) + "." + kind == name ? $0 : nil }
        }.sorted()
    }

    private static let format = "mss-trace-store-1"

    /// The identity of an existing store, sixteen bytes in hexadecimal.
    func readIdentity() throws(TraceError) -> String {
        guard Folder.exists(identity) else { throw .notAStore(path: root) }
        let text = String(decoding: try File(identity, .read).readAll(), as: UTF8.self)
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, words[0] == StoreLayout.format, words[1].utf8.count == 32,
            [UInt8](hex: words[1]) != nil
        else { throw .notAStore(path: root) }
        return String(words[1])
    }

    /// Makes an empty store, unless there is one. A folder with other content is refused.
    func createIfMissing() throws(TraceError) -> (identity: String, isNew: Bool) {
        try Folder.make(root)
        if Folder.exists(identity) { return (try readIdentity(), false) }
        // What a crash during creation may have left is no other content.
        let known: Set = ["lock", "store.new"]
        let families = Set(TraceFamily.allCases.map(\.rawValue))
        for name in try Folder.names(root) where !known.contains(name) {
            guard families.contains(name), try Folder.names("\(root)/\(name)").isEmpty else {
                throw .notAStore(path: root)
            }
        }
        for family in TraceFamily.allCases { try Folder.make(folder(family)) }
        var name: [UInt8] = []
        for byte in [UInt8](random: 16) { name.append(hex: byte) }
        let identity = String(decoding: name, as: UTF8.self)
        try Folder.write(Array("\(StoreLayout.format) \(identity)\n".utf8), to: self.identity)
        return (identity, true)
    }
}

/// The lock of the one writer, freed with the last reference and by the kernel when the process dies.
final class StoreLock: Sendable {
    private let file: File

    init(_ path: String) throws(TraceError) {
        file = try File(path, .readWrite)
        guard flock(file.descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw .system("lock", path) }
            let holder = String(decoding: (try? file.readAll()) ?? [], as: UTF8.self)
            throw .busy(path: Folder.parent(of: path), holder: holder.isEmpty ? "?" : holder)
        }
        try file.truncate(to: 0)
        try file.write(Array("pid \(getpid())".utf8), at: 0)
    }

    // Closing the file would not do while a child of this process, begun at this moment, still has it.
    deinit { flock(file.descriptor, LOCK_UN) }
}
