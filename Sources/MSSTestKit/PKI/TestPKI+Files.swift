internal import Glibc

extension TestPKI {
    /// Writes the hierarchy into a directory, made if absent: `root.pem`, `intermediate.pem`, `ca.pem` (both),
    /// `root-crl.pem`/`.der`, `crl.pem`/`.der` (intermediate), `crls.pem` (both) and, with `privateKeys`,
    /// `root.key` and `intermediate.key` with mode 0600.
    public func write(to directory: String, privateKeys: Bool = false) throws {
        try TestFiles.makeDirectory(directory)
        try TestFiles.write(root.certificatePEM, to: "\(directory)/root.pem")
        try TestFiles.write(intermediate.certificatePEM, to: "\(directory)/intermediate.pem")
        try TestFiles.write(trustStorePEM, to: "\(directory)/ca.pem")
        let rootCRL = try fullCRL(of: .root)
        let crl = try fullCRL(of: .intermediate)
        try TestFiles.write(rootCRL, to: "\(directory)/root-crl.der")
        try TestFiles.write(Self.crlPEM(rootCRL), to: "\(directory)/root-crl.pem")
        try TestFiles.write(crl, to: "\(directory)/crl.der")
        try TestFiles.write(Self.crlPEM(crl), to: "\(directory)/crl.pem")
        try TestFiles.write(Self.crlPEM(rootCRL) + Self.crlPEM(crl), to: "\(directory)/crls.pem")
        guard privateKeys else { return }
        try TestFiles.write(root.privateKeyPEM, to: "\(directory)/root.key", mode: 0o600)
        try TestFiles.write(intermediate.privateKeyPEM, to: "\(directory)/intermediate.key", mode: 0o600)
    }
}

extension TestCredential {
    /// Writes `name.pem` (leaf and intermediate), `name.cer` (leaf, DER) and `name.key` (mode 0600) into a directory.
    public func write(to directory: String, name: String) throws {
        try TestFiles.makeDirectory(directory)
        try TestFiles.write(chainPEM, to: "\(directory)/\(name).pem")
        try TestFiles.write(certificateDER, to: "\(directory)/\(name).cer")
        try TestFiles.write(privateKeyPEM, to: "\(directory)/\(name).key", mode: 0o600)
    }
}

/// A file operation that failed.
public struct TestFileError: Error, Sendable, CustomStringConvertible {
    /// What was tried, and the system's reason.
    public let description: String

    init(_ action: String, _ path: String, _ code: Int32 = errno) {
        description = "\(action) \(path): \(String(cString: strerror(code)))"
    }
}

/// Small files of tests and of the sandbox.
public enum TestFiles {
    /// Makes a directory and its parents, mode 0700; an existing one is kept.
    public static func makeDirectory(_ path: String) throws {
        var prefix = path.hasPrefix("/") ? "/" : ""
        for component in path.split(separator: "/") {
            prefix += prefix.isEmpty || prefix.hasSuffix("/") ? String(component) : "/" + component
            if mkdir(prefix, 0o700) != 0, errno != EEXIST { throw TestFileError("mkdir", prefix) }
        }
    }

    /// A new empty directory under the system's temporary directory, mode 0700.
    public static func temporaryDirectory(_ prefix: String = "mss") throws -> String {
        let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(base)/\(prefix)-XXXXXX".utf8CString)
        guard let result = template.withUnsafeMutableBufferPointer({ mkdtemp($0.baseAddress!) }) else {
            throw TestFileError("mkdtemp", base)
        }
        return String(cString: result)
    }

    /// Writes a whole file, replacing an older one; the mode holds from the first byte on.
    public static func write(_ text: String, to path: String, mode: UInt32 = 0o644) throws {
        try write(Array(text.utf8), to: path, mode: mode)
    }

    /// Writes a whole file, replacing an older one; the mode holds from the first byte on.
    public static func write(_ bytes: [UInt8], to path: String, mode: UInt32 = 0o644) throws {
        let temporary = "\(path).\(getpid()).tmp"
        unlink(temporary)
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw TestFileError("open", temporary) }
        defer { close(file) }
        fchmod(file, mode)
        var offset = 0
        while offset < bytes.count {
            let written = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + offset, bytes.count - offset) }
            guard written > 0 else { throw TestFileError("write", temporary) }
            offset += written
        }
        guard rename(temporary, path) == 0 else { throw TestFileError("rename", path) }
    }

    /// The bytes of a file.
    public static func read(_ path: String) throws -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw TestFileError("open", path) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw TestFileError("read", path) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
        }
    }
    /// The working directory.
    static func workingDirectory() throws -> String {
        guard let path = getcwd(nil, 0) else { throw TestFileError("getcwd", ".") }
        defer { free(path) }
        return String(cString: path)
    }

    /// The names in a directory, sorted, without `.` and `..`.
    public static func names(in directory: String) throws -> [String] {
        guard let stream = opendir(directory) else { throw TestFileError("opendir", directory) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}
