import Glibc
public import MSSCore

extension CRLStore {
    /// What loading found: files taken, and files left aside with the reason.
    public struct LoadReport: Sendable {
        /// Names of the files taken.
        public var loaded: [String] = []
        /// Names of the files refused, and why; they stay where they are.
        public var refused: [(file: String, error: CRLError)] = []
    }

    /// Loads the CRLs that an earlier run kept; each is verified again as if it came from the network.
    ///
    /// Reads the disk: not to be called on an event loop.
    public func loadFromDisk(at time: Timestamp) -> LoadReport {
        var report = LoadReport()
        guard let directory, let handle = opendir(directory) else { return report }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasPrefix("crl-"), name.hasSuffix(".der") { names.append(name) }
        }
        closedir(handle)
        // "complete" sorts before "delta": a delta finds its base.
        for name in names.sorted() {
            do {
                let bytes = try BoundedFile.read(
                    "\(directory)/\(name)", maximumBytes: CertificateRevocationList.maximumBytes)
                _ = try accept(CertificateRevocationList(der: bytes), at: time)
                report.loaded.append(name)
            } catch let error as CRLError {
                report.refused.append((name, error))
            } catch {
                report.refused.append((name, .notStored("\(error)")))
            }
        }
        return report
    }

    /// Keeps the very bytes that were verified, under a name that the next list of the same issuer and scope takes over.
    func write(_ list: CertificateRevocationList, to directory: String) throws(CRLError) {
        let scope = list.scope
        var identity = list.issuerDER + (list.authorityKeyIdentifier?.keyIdentifier ?? [])
        identity += Array((scope.distributionPoint.sorted().joined(separator: "\n")).utf8)
        identity += [scope.onlyEndEntities ? 1 : 0, scope.onlyAuthorities ? 1 : 0]
        let kind = list.isDelta ? "delta" : "complete"
        let name = "crl-\(kind)-\(hexadecimal(Digest.sha256(identity).prefix(16))).der"
        do {
            try BoundedFile.writeAtomically(list.der, to: "\(directory)/\(name)")
        } catch {
            throw .notStored(error.description)
        }
    }
}
