import MSSTestKit
import Testing

/// Output of an openssl command that must succeed.
func openssl(_ arguments: [String], _ input: String) async throws -> String {
    try await openssl(arguments, Array(input.utf8))
}

/// Output of an openssl command that must succeed.
func openssl(_ arguments: [String], _ input: [UInt8]) async throws -> String {
    let result = try await ExternalTool.run("openssl", arguments, input: input)
    #expect(result.succeeded, "openssl \(arguments.joined(separator: " ")): \(result.everything)")
    return result.text
}

/// `openssl verify` of a credential, trusting the root of `pki`, the revocation of the whole chain checked.
func verify(
    _ credential: TestCredential, by pki: TestPKI = .shared, purpose: String? = nil, crls: [[UInt8]]? = nil,
    extra: [String] = []
) async throws -> ExternalTool.Result {
    let directory = try TestFiles.temporaryDirectory()
    try TestFiles.write(pki.trustStorePEM, to: "\(directory)/ca.pem")
    try TestFiles.write(credential.certificatePEM, to: "\(directory)/leaf.pem")
    let lists = try crls ?? [pki.fullCRL(of: .root), pki.fullCRL()]
    try TestFiles.write(lists.map(TestPKI.crlPEM).joined(), to: "\(directory)/crls.pem")
    let result = try await ExternalTool.run(
        "openssl",
        [
            "verify", "-x509_strict", "-crl_check_all", "-CAfile", "\(directory)/ca.pem", "-CRLfile",
            "\(directory)/crls.pem",
        ]
            + (purpose.map { ["-purpose", $0] } ?? []) + extra + ["\(directory)/leaf.pem"])
    _ = try await ExternalTool.run("rm", ["-r", directory])
    return result
}
