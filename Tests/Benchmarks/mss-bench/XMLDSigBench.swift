import ArgumentParser
import MSSTestKit
import MSSXMLSignature

/// Verifications of a signed list of 3 MB, beside `xmlsec1 --verify` in the same run.
struct XMLDSigBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "xmldsig", abstract: "Verifications per second of a signed 3 MB list, beside xmlsec1 --verify.")

    @Option(help: "How many verifications of each.")
    var count = 20

    func run() async throws {
        let pki = TestPKI.shared
        let signer = try pki.issue(.whitelistSigner, subject: .agency)
        var pem = Array(signer.privateKeyPEM.utf8)
        let key = try SigningKey(zeroing: &pem, certificatesDER: [signer.certificateDER])
        var list = BenchList.head
        while list.count < 3_000_000 { list += BenchList.domains(100) }
        list += BenchList.tail
        let signed = try SignatureSigner(key: key).sign(list)
        let verifier = SignatureVerifier(
            trust: try SignatureTrust(
                roots: [pki.root.certificateDER], intermediates: [pki.intermediate.certificateDER]))

        let clock = ContinuousClock()
        _ = try verifier.verify(signed, at: pki.now)
        let time = try clock.measure { for _ in 0..<count { _ = try verifier.verify(signed, at: pki.now) } }
        print("SignatureVerifier, one thread   \(rate(Double(count), time)) verifications/s of \(signed.count) bytes")
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask { for _ in 0..<count { _ = try verifier.verify(signed, at: pki.now) } }
            }
            try await group.waitForAll()
        }
        print("SignatureVerifier, two tasks    \(rate(Double(2 * count), clock.now - start)) verifications/s")

        let directory = try TestFiles.temporaryDirectory("mss-bench")
        try pki.write(to: directory)
        try TestFiles.write(signed, to: "\(directory)/list.xml")
        // --repeat verifies the same file again inside one process: what xmlsec itself costs, without starting up.
        for (label, repeats, runs) in [("one process each", 1, count), ("--repeat in one process", count, 1)] {
            let start = clock.now
            for _ in 0..<runs {
                let result = try await ExternalTool.run(
                    "xmlsec1",
                    [
                        "--verify", "--repeat", "\(repeats)", "--enabled-key-data", "x509", "--trusted-pem",
                        "\(directory)/root.pem", "--untrusted-pem", "\(directory)/intermediate.pem",
                        "\(directory)/list.xml",
                    ], seconds: 300)
                guard result.succeeded else { throw ValidationError("xmlsec1: \(result.everything)") }
            }
            print("xmlsec1 --verify, \(label)   \(rate(Double(count), clock.now - start)) verifications/s")
        }
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }
}
