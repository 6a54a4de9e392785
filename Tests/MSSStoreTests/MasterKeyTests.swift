import Glibc
import MSSCore
import MSSTestKit
import Testing

@testable import MSSStore

@Suite("The master key")
struct MasterKeyTests {
    @Test("a key file is read in both forms, and refused when others may read it or its form is wrong")
    func files() throws {
        let folder = try TestFolder()
        defer { folder.remove() }
        let path = folder.path + "/key"
        let raw = noise(32, seed: 1)
        let hex = raw.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        for bytes in [raw, Array(hex.utf8), Array((hex.uppercased() + "\n").utf8)] {
            try TestFiles.write(bytes, to: path)
            chmod(path, 0o600)
            let key = try StoreMasterKey.file(path)
            let wrapped = try key.key.wrap(try SealingKey.random(), context: [1])
            #expect(try StoreMasterKey(raw).key.unwrap(wrapped, context: [1]) != nil)
            #expect(try StoreMasterKey(raw).key.unwrap(wrapped, context: [2]) == nil)
        }
        for mode: mode_t in [0o640, 0o604, 0o620] {
            chmod(path, mode)
            #expect(throws: StoreError.masterKey(path: path, .permissions)) { try StoreMasterKey.file(path) }
        }
        chmod(path, 0o600)
        for bytes in [[], Array(raw.dropLast()), Array((hex + "00").utf8), Array(("zz" + hex.dropFirst(2)).utf8)] {
            try TestFiles.write(bytes, to: path)
            chmod(path, 0o600)
            #expect(throws: StoreError.masterKey(path: path, .form)) { try StoreMasterKey.file(path) }
        }
        #expect(throws: StoreError.masterKey(path: path + "x", .unreadable)) { try StoreMasterKey.file(path + "x") }
        let made = try StoreMasterKey.create(folder.path + "/new")
        let wrapped = try made.key.wrap(try SealingKey.random(), context: [])
        #expect(try StoreMasterKey.file(folder.path + "/new").key.unwrap(wrapped, context: []) != nil)
        #expect(throws: StoreError.self) { try StoreMasterKey.create(folder.path + "/new") }
    }

    @Test("a command's output is a key; its failure is told with its status, and it is not waited for without end")
    func commands() async throws {
        let hex = String(repeating: "0a", count: 32)
        let key = try await StoreMasterKey.command(["sh", "-c", "echo \(hex)"])
        let wrapped = try key.key.wrap(try SealingKey.random(), context: [])
        #expect(try StoreMasterKey([UInt8](repeating: 10, count: 32)).key.unwrap(wrapped, context: []) != nil)
        await #expect(throws: StoreError.masterKey(path: "sh", .command(status: 3))) {
            try await StoreMasterKey.command(["sh", "-c", "exit 3"])
        }
        await #expect(throws: StoreError.masterKey(path: "/none", .unreadable)) {
            try await StoreMasterKey.command(["/none"])
        }
        await #expect(throws: StoreError.masterKey(path: "sleep", .command(status: 128 + SIGKILL))) {
            try await StoreMasterKey.command(["sleep", "60"], seconds: 1)
        }
    }
}
