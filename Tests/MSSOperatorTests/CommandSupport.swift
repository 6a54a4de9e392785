import Glibc
import Logging
import MSSAccounts
import MSSConnector
import MSSCore
import MSSSMTP
import MSSStore
import MSSTestKit
import MSSTraces
import NIOCore

@testable import MSSOperator

/// An operator's folders and settings for one test: certificates of the test authority, no port taken, nothing asked of
/// the network.
struct CommandWorld: Sendable {
    let root: String
    let settings: OperatorSettings
    static let administrator = TracePerson(identifier: "adele.admin")

    init(_ name: String = "alpha", change: (inout OperatorSettings) -> Void = { _ in }) throws {
        root = try TestFiles.temporaryDirectory("mss-command")
        try TestPKI.shared.write(to: root + "/autorites")
        let host = "mss.\(name).mssante.fr"
        try TestPKI.shared.issue(.server(commonName: host)).write(to: root + "/cles", name: "operateur")
        _ = try StoreMasterKey.create(root + "/cles/maitresse.cle")
        var settings = OperatorSettings()
        settings.identity.serverName = try Domain(host)
        settings.identity.domains = [try Domain("\(name).mssante.fr")]
        settings.identity.postmaster = try DirectoryMailAddress("exploitation@\(name).mssante.fr")
        settings.certificates = [
            CertificateSettings(
                name: "principal", certificate: root + "/cles/operateur.pem", key: root + "/cles/operateur.key",
                serverNames: [try Domain(host)])
        ]
        settings.inbound.address = .tcp(host: "127.0.0.1", port: 0)
        settings.trust.authorities = [root + "/autorites/ca.pem"]
        settings.antivirus.address = .unix(path: root + "/clamd.sock")
        settings.whitelist.url = "https://127.0.0.1:9/liste.xml"
        settings.data.folder = root + "/donnees"
        settings.data.masterKey = root + "/cles/maitresse.cle"
        change(&settings)
        self.settings = settings
    }

    func remove() { CommandWorld.remove(root) }

    static func remove(_ path: String) {
        for name in (try? names(path)) ?? [] {
            let entry = path + "/" + name
            if unlink(entry) != 0 { remove(entry) }
        }
        rmdir(path)
    }

    static func names(_ path: String) throws -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!  // a stored property
            let name = String(cString: start.assumingMemoryBound(to: CChar.self))
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    var logger: Logger {
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        return logger
    }

    /// Runs `body` with the operator's stores open, as a running operator has them.
    func withNode<Value: Sendable>(_ body: (OperatorNode, AdminContext) async throws -> Value) async throws -> Value {
        let node = try await OperatorNode.open(settings, logger: logger)
        let caller = AdminCaller(person: CommandWorld.administrator, user: 0, process: 1)
        let context = AdminContext(node: node, caller: caller, payload: [], logger: logger)
        do {
            let value = try await body(node, context)
            await node.close()
            return value
        } catch {
            await node.close()
            throw error
        }
    }
}

/// Bytes that cannot be compressed, the same for the same seed.
func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return UInt8(truncatingIfNeeded: state >> 24)
    }
}

/// A valid RPPS by its place: ten digits and the key of Luhn.
func rpps(_ index: Int) -> String {
    let digits = "81" + String(repeating: "0", count: 8 - "\(index)".count) + "\(index)"
    for key in 0...9 where (try? RPPS("\(digits)\(key)")) != nil { return "\(digits)\(key)" }
    fatalError("no key fits")
}

let doctor = rpps(1)
let colleague = rpps(2)
