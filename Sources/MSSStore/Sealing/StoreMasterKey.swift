import Dispatch
import Glibc
import MSSCore

/// The key that wraps every other key of a store. Whoever has it and the store's folder can read all; without it the
/// folder is noise.
public struct StoreMasterKey: Sendable {
    let key: SealingKey

    /// A key from its 32 bytes.
    ///
    /// - Throws: ``StoreError/masterKey(path:_:)`` when there are not 32.
    public init(_ bytes: [UInt8]) throws(StoreError) {
        guard let key = SealingKey(bytes) else { throw .masterKey(path: "-", .form) }
        self.key = key
    }

    /// A key from a file: 32 bytes, or 64 hexadecimal digits with or without an end of line.
    ///
    /// The file must belong to the user of the process or to root, and be closed to group and others.
    public static func file(_ path: String) throws(StoreError) -> StoreMasterKey {
        let file: File
        do throws(StoreError) { file = try File(path, .read) } catch { throw .masterKey(path: path, .unreadable) }
        var status = stat()
        guard fstat(file.descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw .masterKey(path: path, .unreadable)
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else { throw .masterKey(path: path, .owner) }
        guard status.st_mode & 0o077 == 0 else { throw .masterKey(path: path, .permissions) }
        // One byte more than any good form, so that a longer file is seen to be one.
        return try parse(try file.read(67, at: 0), path)
    }

    /// A key from the standard output of a command (a key vault's client, `systemd-creds`, …), run without a shell.
    ///
    /// - Parameters:
    ///   - command: the program's path and its arguments.
    ///   - seconds: it is killed after this time.
    public static func command(_ command: [String], seconds: Int = 30) async throws -> StoreMasterKey {
        try await offPool {
            guard let program = command.first else { throw StoreError.masterKey(path: "-", .unreadable) }
            return try parse(try output(of: command, seconds), program)
        }
    }

    /// Makes a file with a new key, mode 0600; a file that is there is left as it is, and the call fails.
    public static func create(_ path: String) throws(StoreError) -> StoreMasterKey {
        guard !Folder.exists(path) else { throw .notEmpty(path: path) }
        var text = ""
        for byte in try randomBytes(SealingKey.count) { text += (byte < 16 ? "0" : "") + String(byte, radix: 16) }
        try Folder.write(Array("\(text)\n".utf8), to: path)
        return try file(path)
    }

    private static func parse(_ bytes: [UInt8], _ path: String) throws(StoreError) -> StoreMasterKey {
        if let key = SealingKey(bytes) { return StoreMasterKey(key: key) }
        var digits = bytes[...]
        while let last = digits.last, last == 0x0A || last == 0x0D { digits.removeLast() }
        guard digits.count == 2 * SealingKey.count else { throw .masterKey(path: path, .form) }
        var key: [UInt8] = []
        for index in stride(from: digits.startIndex, to: digits.endIndex, by: 2) {
            guard let high = Character(UnicodeScalar(digits[index])).hexDigitValue,
                let low = Character(UnicodeScalar(digits[index + 1])).hexDigitValue
            else { throw .masterKey(path: path, .form) }
            key.append(UInt8(high << 4 | low))
        }
        guard let key = SealingKey(key) else { throw .masterKey(path: path, .form) }
        return StoreMasterKey(key: key)
    }

    private init(key: SealingKey) { self.key = key }

    /// Blocks until the command has ended.
    private static func output(of command: [String], _ seconds: Int) throws(StoreError) -> [UInt8] {
        let path = command[0]
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw .system("pipe", path) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        ChildDescriptors.keepStandardOnly(&actions)
        // Dispatch's threads block most signals; a child must not inherit that.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var arguments = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process = pid_t()
        let code = posix_spawnp(&process, path, &actions, &attributes, &arguments, environ)
        close(ends[1])
        guard code == 0 else { throw .masterKey(path: path, .unreadable) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 256)
        let end = ContinuousClock.now + .seconds(seconds)
        while bytes.count <= 4096 {
            let left = (end - ContinuousClock.now).components
            var waiting = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
            let milliseconds = left.seconds * 1000 + left.attoseconds / 1_000_000_000_000_000
            if poll(&waiting, 1, Int32(clamping: max(0, milliseconds))) <= 0 {
                if errno == EINTR, milliseconds > 0 { continue }
                kill(process, SIGKILL)
                break
            }
            let count = read(ends[0], &piece, piece.count)
            if count <= 0 { break }
            bytes += piece.prefix(count)
        }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 { guard errno == EINTR else { throw .system("wait", path) } }
        guard status == 0 else {
            // WIFEXITED and WEXITSTATUS are macros that Swift does not see (wait(2)).
            throw .masterKey(
                path: path, .command(status: status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F))
        }
        return bytes
    }
}

/// The file `store` of a store's folder: what it is, which one, and a proof that the master key is the right one.
struct StoreIdentity {
    let id: [UInt8]

    /// Reads the identity, or makes it in an empty folder.
    ///
    /// - Parameters:
    ///   - kind: sixteen bytes that name the kind of store and its format.
    ///   - mayHold: names that an unfinished creation may have left.
    init(
        _ root: String, kind: String, _ master: StoreMasterKey, mayHold names: Set<String>
    ) throws(StoreError) {
        let path = root + "/store"
        let kind = Array(kind.utf8)
        if Folder.exists(path) {
            let bytes = try File(path, .read).readAll()
            guard bytes.count == kind.count + 16 + SealingKey.wrappedCount, Array(bytes.prefix(kind.count)) == kind
            else {
                throw .notAStore(path: root)
            }
            id = Array(bytes[kind.count..<kind.count + 16])
            let wrapped = Array(bytes[(kind.count + 16)...])
            guard try master.key.unwrap(wrapped, context: kind + id) != nil else { throw .wrongMasterKey(path: root) }
            return
        }
        for name in try Folder.names(root) where !names.contains(name) && name != "store.new" && name != "lock" {
            throw .notAStore(path: root)
        }
        id = try randomBytes(16)
        let proof = try master.key.wrap(try SealingKey.random(), context: kind + id)
        try Folder.write(kind + id + proof, to: path)
    }
}
