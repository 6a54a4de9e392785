import Glibc

extension TrustStore {
    /// Reads the authorities from files (PEM with any number of certificates, or one DER certificate) and directories
    /// of such files (`.pem`, `.crt`, `.cer`, `.der`; others are ignored, sub-directories too).
    ///
    /// Reads the disk: not to be called on an event loop.
    public init(contentsOf paths: [String]) throws(TrustStoreError) {
        var authorities: [Certificate] = []
        for path in paths {
            for file in try Self.files(at: path) {
                let bytes: [UInt8]
                do {
                    bytes = try BoundedFile.read(file, maximumBytes: PEM.maximumBytes)
                } catch {
                    throw .unreadable(path: file, reason: error.description)
                }
                do {
                    authorities += try Self.certificates(in: bytes)
                } catch {
                    throw .malformed(path: file, error)
                }
            }
        }
        try self.init(authorities: authorities)
    }

    /// Reads the authorities of one file or directory.
    public init(contentsOf path: String) throws(TrustStoreError) { try self.init(contentsOf: [path]) }

    /// The certificates of a PEM text, or the one of a DER file (which begins with a SEQUENCE tag; no PEM does).
    static func certificates(in bytes: [UInt8]) throws(CertificateError) -> [Certificate] {
        bytes.first == DERTag.sequence ? [try Certificate(der: bytes)] : try Certificate.parsePEM(bytes)
    }

    private static func files(at path: String) throws(TrustStoreError) -> [String] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw .unreadable(path: path, reason: systemReason()) }
        guard status.st_mode & S_IFMT == S_IFDIR else { return [path] }
        guard let directory = opendir(path) else { throw .unreadable(path: path, reason: systemReason()) }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            let lower = name.lowercased()
            guard !name.hasPrefix("."), [".pem", ".crt", ".cer", ".der"].contains(where: lower.hasSuffix) else {
                continue
            }
            guard names.count < maximumAuthorities else { throw .tooMany }
            names.append("\(path)/\(name)")
        }
        return names.sorted()
    }
}
