import MSSCore
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("Trust store")
struct TrustStoreTests {
    private let pki = TestPKI.shared

    @Test("authorities come from PEM and DER files and directories; roots are told from intermediates")
    func loading() async throws {
        try await withTemporaryDirectory { directory in
            try pki.write(to: directory)
            try TestFiles.write(pki.intermediate.certificateDER, to: "\(directory)/copy.cer")
            try TestFiles.write("not read", to: "\(directory)/notes.txt")
            for name in ["crl.pem", "root-crl.pem", "crls.pem", "crl.der", "root-crl.der"] {
                _ = try await ExternalTool.run("rm", ["\(directory)/\(name)"])
            }
            let store = try TrustStore(contentsOf: directory)
            #expect(store.roots.map(\.der) == [pki.root.certificateDER])
            #expect(store.intermediates.map(\.der) == [pki.intermediate.certificateDER])
            #expect(try TrustStore(contentsOf: "\(directory)/ca.pem").authorities.count == 2)
        }
    }

    @Test("missing files, files without certificates, leaves and stores without a root are refused")
    func refusals() async throws {
        #expect(throws: TrustStoreError.self) { try TrustStore(contentsOf: "/nonexistent/ca.pem") }
        let intermediate = try Certificate(der: pki.intermediate.certificateDER)
        #expect(throws: TrustStoreError.noRoot) { try TrustStore(authorities: [intermediate]) }
        let leaf = try Certificate(der: pki.issue(.server(commonName: "mx.example")).certificateDER)
        #expect(throws: TrustStoreError.notAnAuthority(leaf.sha256Fingerprint)) {
            try TrustStore(authorities: [leaf])
        }
        try await withTemporaryDirectory { directory in
            try TestFiles.write("nothing here", to: "\(directory)/ca.pem")
            #expect(throws: TrustStoreError.malformed(path: "\(directory)/ca.pem", .malformedPEM)) {
                try TrustStore(contentsOf: "\(directory)/ca.pem")
            }
        }
    }

    @Test("RE_OPE_5040: installed authorities are equal, unknown or missing")
    func fingerprints() throws {
        let store = try Paths.store()
        let root = try Certificate(der: pki.root.certificateDER)
        let intermediate = try Certificate(der: pki.intermediate.certificateDER)
        let other = try Certificate(der: TestPKI.foreign.root.certificateDER)
        let same = store.compareFingerprints(with: [root.sha256Fingerprint, intermediate.sha1Fingerprint])
        #expect(same.isIdentical)
        let report = store.compareFingerprints(with: [root.sha256Fingerprint, other.sha256Fingerprint])
        #expect(report.items == [.equal(root), .unknown(intermediate), .missing(other.sha256Fingerprint)])
        #expect(!report.isIdentical)
    }
}
