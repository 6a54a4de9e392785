import MSSCore
import MSSTestKit
import Testing

@Suite struct TestPKIStoreTests {
    @Test("a saved hierarchy, read back, issues and revokes for those who trust the first")
    func saved() async throws {
        let directory = try TestFiles.temporaryDirectory()
        let first = try TestPKI()
        let revoked = try first.issue(.server(commonName: "a.mssante.fr"), status: .revoked(.superseded))
        _ = try first.fullCRL()
        try first.save(to: directory)
        let second = try TestPKI(directory: directory)
        #expect(second.hierarchy == first.hierarchy)
        let later = try second.issue(.server(commonName: "b.mssante.fr"))
        #expect(try await verify(later, by: first).succeeded)
        #expect(try await verify(later, by: first, crls: [second.fullCRL(of: .root), second.fullCRL()]).succeeded)
        #expect(try await !verify(revoked, by: second).succeeded)

        second.revoke(serialNumber: later.serialNumber)
        try second.save(to: directory)
        try first.refresh(from: directory)
        #expect(try await !verify(later, by: first).succeeded)
        try later.write(to: directory, name: "b")
        let read = try TestCredential.inspect(pemFile: "\(directory)/b.pem")
        #expect(read.subject == later.subject && read.serialNumber == later.serialNumber)
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }
}
