import Glibc
import MSSCore
import MSSTestKit
import Testing

@testable import MSSTLS

@Suite("Private keys and PKCS#12")
struct KeyLoadingTests {
    private let pki = TestPKI.shared

    private func withKey(_ body: (String, TestCredential) async throws -> Void) async throws {
        let credential = try pki.issue(.server(commonName: "mx.example"))
        try await withTemporaryDirectory { directory in
            try credential.write(to: directory, name: "me")
            try await body(directory, credential)
        }
    }

    @Test("EX_SSI_5100: a key is read from a file of mode 0600, and only its own certificate matches")
    func pem() async throws {
        let other = try pki.issue(.server(commonName: "other.example"), strength: .fresh)
        try await withKey { directory, credential in
            let key = try PrivateKey(file: "\(directory)/me.key")
            #expect(key.matches(try Certificate(der: credential.certificateDER)))
            #expect(!key.matches(try Certificate(der: other.certificateDER)))
            let identity = try TLSIdentity(certificateFile: "\(directory)/me.pem", keyFile: "\(directory)/me.key")
            #expect(identity.chain.map(\.der) == credential.chainDER)
            try other.write(to: directory, name: "other")
            #expect(throws: KeyError.mismatch) {
                try TLSIdentity(certificateFile: "\(directory)/other.pem", keyFile: "\(directory)/me.key")
            }
        }
    }

    @Test("EX_SSI_5100: modes with any bit for group or others, links, directories and FIFOs are refused")
    func permissions() async throws {
        try await withKey { directory, _ in
            let path = "\(directory)/me.key"
            for mode: mode_t in [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777] {
                chmod(path, mode)
                #expect {
                    try PrivateKey(file: path)
                } throws: { error in
                    if case .loosePermissions? = error as? KeyError { true } else { false }
                }
            }
            chmod(path, 0o400)
            #expect(throws: Never.self) { try PrivateKey(file: path) }
            symlink(path, "\(directory)/link.key")
            mkfifo("\(directory)/fifo.key", 0o600)
            for name in ["link.key", "fifo.key", "absent.key", ""] {
                #expect(throws: KeyError.self, "\(name)") { try PrivateKey(file: "\(directory)/\(name)") }
            }
        }
    }

    @Test("an encrypted key needs its passphrase; the provider is asked only then")
    func encrypted() async throws {
        try await withKey { directory, credential in
            let plain = "\(directory)/me.key"
            var asked = 0
            _ = try PrivateKey(file: plain) {
                asked += 1
                return nil
            }
            #expect(asked == 0)
            for form in [["-outform", "PEM"], ["-outform", "DER"]] {
                let path = "\(directory)/encrypted.key"
                unlink(path)
                let made = try await ExternalTool.run(
                    "openssl",
                    ["pkcs8", "-topk8", "-in", plain, "-out", path, "-passout", "pass:motdepasse"] + form)
                #expect(made.succeeded)
                chmod(path, 0o600)
                let key = try PrivateKey(file: path) { SecretBytes("motdepasse") }
                #expect(key.matches(try Certificate(der: credential.certificateDER)))
                #expect(throws: KeyError.wrongPassphrase) { try PrivateKey(file: path) { SecretBytes("autre") } }
                #expect(throws: KeyError.wrongPassphrase) { try PrivateKey(file: path) }
            }
        }
    }

    @Test("PKCS#12: key, certificate and chain; wrong passphrases, cut files and keys without certificate are refused")
    func pkcs12() async throws {
        try await withKey { directory, credential in
            let path = "\(directory)/me.p12"
            let made = try await openssl(
                "pkcs12", "-export", "-in", "\(directory)/me.pem", "-inkey", "\(directory)/me.key", "-certfile",
                { () -> String in
                    try? pki.write(to: directory)
                    return "\(directory)/root.pem"
                }(), "-out", path, "-passout", "pass:motdepasse")
            #expect(made.succeeded, "\(made.everything)")
            chmod(path, 0o600)
            let identity = try TLSIdentity(pkcs12File: path, passphrase: SecretBytes("motdepasse"))
            #expect(identity.chain.map(\.der) == credential.chainDER)
            #expect(throws: KeyError.wrongPassphrase) {
                try TLSIdentity(pkcs12File: path, passphrase: SecretBytes("autre"))
            }
            let bytes = try TestFiles.read(path)
            for count in stride(from: 0, to: bytes.count, by: 41) {
                #expect(throws: KeyError.self) {
                    try TLSIdentity(pkcs12: SecretBytes(bytes[..<count]), passphrase: SecretBytes("motdepasse"))
                }
            }
            let keyless = "\(directory)/keyless.p12"
            _ = try await openssl(
                "pkcs12", "-export", "-nokeys", "-in", "\(directory)/me.pem", "-out", keyless, "-passout", "pass:x")
            chmod(keyless, 0o600)
            #expect(throws: KeyError.incomplete) {
                try TLSIdentity(pkcs12File: keyless, passphrase: SecretBytes("x"))
            }
        }
    }

    @Test("a PKCS#12 protected by an empty passphrase opens with it")
    func emptyPassphrase() async throws {
        try await withKey { directory, _ in
            let path = "\(directory)/me.p12"
            _ = try await openssl(
                "pkcs12", "-export", "-in", "\(directory)/me.pem", "-inkey", "\(directory)/me.key", "-out", path,
                "-passout", "pass:")
            chmod(path, 0o600)
            #expect(throws: Never.self) { try TLSIdentity(pkcs12File: path, passphrase: SecretBytes("")) }
        }
    }

    @Test("garbage and weak keys are refused; a secret never prints itself")
    func refusals() throws {
        #expect(throws: KeyError.malformed) { try PrivateKey(bytes: SecretBytes("garbage")) }
        #expect(throws: KeyError.malformed) { try PrivateKey(bytes: SecretBytes("")) }
        let weak = try pki.issue(.server(commonName: "mx.example"), strength: .weakKey)
        #expect(throws: KeyError.weakKey) { try PrivateKey(bytes: SecretBytes(weak.privateKeyPEM)) }
        #expect("\(SecretBytes("motdepasse"))" == "secret")
        #expect(String(reflecting: SecretBytes("motdepasse")).contains("motdepasse") == false)
    }
}
