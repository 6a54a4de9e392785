import Foundation
import MSSCore
import MSSTLS
import MSSTestKit
import MSSTraces
import Synchronization

/// A clock at a time that a test names.
func clock(at text: String) -> TestClock { TestClock(try! Timestamp(rfc3339: text)) }  // a literal

/// A store in a folder of its own, which goes with the value.
struct TestStore {
    let folder: String
    let clock: TestClock
    let notices = Notices()

    final class Notices: Sendable {
        private let list = Mutex<[TraceNotice]>([])
        var all: [TraceNotice] { list.withLock { $0 } }
        func add(_ notice: TraceNotice) { list.withLock { $0.append(notice) } }
    }

    init(clock: TestClock = MSSTracesTests.clock(at: "2026-07-01T08:00:00Z")) throws {
        folder = try TestFiles.temporaryDirectory("mss-traces")
        self.clock = clock
    }

    /// Credentials of the operator, by the test authority.
    static let credential = try! TestPKI.shared.issue(.seal(commonName: "Journal MSSante"))  // the test authority

    static func signer(_ credential: TestCredential = credential) throws -> KeySealSigner {
        guard let key = PrivateKey(unencryptedPEM: Array(credential.privateKeyPEM.utf8)) else {
            throw TraceError.signing
        }
        return try KeySealSigner(key: key, certificate: Certificate(der: credential.certificateDER))
    }

    /// The same credential as texts that a child process is given.
    static var pem: [String] {
        [credential.privateKeyPEM, Data(credential.certificateDER).base64EncodedString()]
    }

    /// The signer that a child process makes of them.
    static func signer(pem: [String]) throws -> KeySealSigner {
        guard let key = PrivateKey(unencryptedPEM: Array(pem[0].utf8)) else { throw TraceError.signing }
        let der = [UInt8](Data(base64Encoded: pem[1]) ?? Data())
        return try KeySealSigner(key: key, certificate: Certificate(der: der))
    }

    var root: String { folder + "/store" }
    var anchor: FileTraceAnchor { FileTraceAnchor(folder: folder + "/anchor") }

    func configuration(
        _ change: (inout TraceConfiguration) -> Void = { _ in }
    ) -> TraceConfiguration {
        var configuration = TraceConfiguration(
            upkeepInterval: nil, clock: clock, anchors: [anchor], anchorInterval: .zero,
            onNotice: { [notices] in notices.add($0) })
        change(&configuration)
        return configuration
    }

    func open(_ change: (inout TraceConfiguration) -> Void = { _ in }) async throws -> TraceStore {
        try await TraceStore.open(root, signer: try TestStore.signer(), configuration: configuration(change))
    }

    func verify(anchored: Bool = true) async throws -> TraceVerification {
        await TraceVerifier(
            folder: root, certificates: [try TestStore.signer().certificate], anchors: anchored ? [anchor] : []
        ).verify()
    }

    func remove() { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ family: TraceFamily, _ name: String) -> String { "\(root)/\(family.rawValue)/\(name)" }

    /// Every byte of the store, to look for what must not be there.
    func contents() throws -> [UInt8] {
        var bytes: [UInt8] = []
        for name in try FileManager.default.subpathsOfDirectory(atPath: root) {
            if let data = FileManager.default.contents(atPath: "\(root)/\(name)") { bytes += data }
        }
        return bytes
    }
}

/// An access that a test is allowed.
let auditor = TraceAccess(
    by: TracePerson(identifier: "admin-7", name: "Anne Bertin"), for: .incident("INC-2026-04"))

extension TraceStore {
    /// A reader with full rights for the auditor.
    var reader: TraceReader {
        TraceReader(self, policy: TraceAccessList(["admin-7": Set(TraceAccess.Kind.allCases)]))
    }
}

func address(_ text: String) -> MailAddress { try! MailAddress(text) }  // a literal

/// A message received for a mailbox.
func received(
    _ number: Int, mailbox: String = "alice@hopital.mssante.fr", from sender: String = "bob@labo.mssante.fr",
    subject: String? = "Compte rendu", at time: Timestamp? = nil
) -> TraceEvent {
    TraceEvent(
        .receiveMessage, by: .peer("CN=labo.mssante.fr"), at: time, mailbox: address(mailbox),
        means: TraceMeans(software: "mail.labo.mssante.fr", channel: "smtp", address: "192.0.2.7:25"),
        authentication: .mutualTLS, request: "RCPT TO:<alice@hopital.mssante.fr>", reply: "250 2.0.0 OK",
        message: TraceMessage(
            identifier: "M\(number)", sender: address(sender), recipients: [address(mailbox)], subject: subject,
            size: 20_000 + number))
}

/// Something technical.
func technical(_ number: Int) -> TraceEvent {
    TraceEvent(
        .installWhitelist, by: .system("MSSWhitelist"),
        changes: [TraceChange("serial", before: String(number), after: String(number + 1))])
}

/// Numbers that are the same at every run (a linear congruential generator, Knuth's constants).
struct TestGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state ^ state >> 29
    }
}
