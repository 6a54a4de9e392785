internal import FoundationEssentials
public import MSSCore
internal import SwiftASN1
internal import X509
internal import _CryptoExtras

extension TestPKI {
    /// What a hierarchy remembers, as JSON in `pki.json`.
    private struct Memory: Codable {
        struct Entry: Codable {
            let serialNumber: [UInt8]
            let revocation: Revocation
        }

        let endpoints: TestEndpoints
        let issued: [IssuedCertificate]
        let revocations: [Entry]
        let crls: [TestIssuer: CRLNumbers]
    }

    /// Saves the whole hierarchy into a directory: what ``write(to:privateKeys:)`` writes, and `pki.json` (issued and
    /// revoked serial numbers, CRL numbers, endpoints).
    public func save(to directory: String) throws {
        try write(to: directory, privateKeys: true)
        let memory = state.withLock { state in
            Memory(
                endpoints: state.endpoints, issued: state.issued,
                revocations: state.revocations.map { Memory.Entry(serialNumber: $0.key, revocation: $0.value) }
                    .sorted { $0.serialNumber.lexicographicallyPrecedes($1.serialNumber) },
                crls: state.crls)
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try TestFiles.write(Array(encoder.encode(memory)), to: "\(directory)/pki.json", mode: 0o600)
    }

    /// Reads back a hierarchy that ``save(to:)`` wrote; its present is `now`.
    public convenience init(directory: String, now: Timestamp = SystemWallClock().now()) throws {
        func authority(_ name: String) throws -> TestAuthority {
            let pem = String(decoding: try TestFiles.read("\(directory)/\(name).pem"), as: UTF8.self)
            let key = String(decoding: try TestFiles.read("\(directory)/\(name).key"), as: UTF8.self)
            let certificate = try Certificate(pemEncoded: pem)
            return try TestAuthority(
                name: TestName(certificate.subject), key: _RSA.Signing.PrivateKey(pemRepresentation: key),
                certificate: certificate)
        }
        let memory = try JSONDecoder().decode(
            Memory.self, from: Data(try TestFiles.read("\(directory)/pki.json")))
        let root = try authority("root")
        let intermediate = try authority("intermediate")
        self.init(
            TestHierarchy(root: root.name, intermediate: intermediate.name), root: root, intermediate: intermediate,
            now: now,
            state: State(
                endpoints: memory.endpoints, issued: memory.issued,
                revocations: Dictionary(
                    memory.revocations.map { ($0.serialNumber, $0.revocation) }, uniquingKeysWith: { $1 }),
                crls: memory.crls))
    }

    /// Takes over the revocations, issued certificates and CRL numbers that another process saved into `directory`.
    public func refresh(from directory: String) throws {
        let other = try TestPKI(directory: directory, now: now)
        let saved = other.state.withLock { ($0.issued, $0.revocations, $0.crls) }
        state.withLock { state in
            let known = Set(state.issued.map(\.serialNumber))
            state.issued += saved.0.filter { !known.contains($0.serialNumber) }
            state.revocations.merge(saved.1) { $1 }
            for (issuer, numbers) in saved.2 {
                let own = state.crls[issuer] ?? CRLNumbers()
                state.crls[issuer] = CRLNumbers(
                    next: max(own.next, numbers.next), lastFull: max(own.lastFull, numbers.lastFull))
            }
        }
    }
}
