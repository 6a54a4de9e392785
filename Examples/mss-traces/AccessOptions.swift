import ArgumentParser
import Glibc
import MSSCore
import MSSTLS
import MSSTraces

/// Who opens which journal, with which key, and what for.
struct AccessOptions: ParsableArguments {
    @Argument(help: "Le dossier du journal.") var folder: String
    @Option(name: .customLong("cle"), help: "Clé privée de scellement, non chiffrée, lisible par ce compte seul (PEM).")
    var key: String
    @Option(name: .customLong("certificat"), help: "Certificat de cette clé (PEM).") var certificate: String
    @Option(name: .customLong("ancrage"), help: "Dossier d'un ancrage (répétable).") var anchors: [String] = []
    @Option(
        name: .customLong("habilitations"),
        help: "Liste des personnes habilitées, une par ligne : identifiant puis chercher, exporter.")
    var rights: String
    @Option(name: .customLong("par"), help: "Identifiant personnel de qui consulte (EX_SSI_5155).") var person: String
    @Option(name: .customLong("motif"), help: "incident:RÉF, litige:RÉF, autorite:RÉF ou exploitation:RAISON.")
    var purpose: String

    /// Runs `body` with a reader of the store, closed in any case.
    func read(_ body: (TraceReader, TraceAccess) async throws -> Void) async throws {
        let certificates = try Certificate.parsePEM(Input.read(certificate))
        let signer = try KeySealSigner(key: PrivateKey(file: key), certificate: certificates[0])
        let policy = try RightsFile.read(rights)
        let store = try await TraceStore.open(
            folder, signer: signer,
            configuration: TraceConfiguration(
                upkeepInterval: nil, anchors: anchors.map { FileTraceAnchor(folder: $0) },
                onNotice: { complain("Remarque : \($0)") }))
        do {
            try await body(TraceReader(store, policy: policy), access())
        } catch {
            try? await store.close()
            throw error
        }
        try await store.close()
    }

    private func access() throws -> TraceAccess {
        var host = [CChar](repeating: 0, count: 256)
        _ = gethostname(&host, host.count - 1)
        let account = getpwuid(getuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid \(getuid())"
        return TraceAccess(
            by: TracePerson(identifier: person), for: try TracePurpose(words: purpose),
            means: TraceMeans(
                software: "mss-traces", system: "compte \(account)", channel: "console",
                address: host.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }))
    }
}

/// The persons who may read traces: one a line, `identifier right…`; `#` begins a remark.
enum RightsFile {
    static func read(_ path: String) throws -> TraceAccessList {
        var rights: [String: Set<TraceAccess.Kind>] = [:]
        for line in String(decoding: try Input.read(path), as: UTF8.self).split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            guard let person = words.first else { continue }
            for word in words.dropFirst() {
                switch word {
                case "chercher": rights[String(person), default: []].insert(.search)
                case "exporter": rights[String(person), default: []].insert(.export)
                default: throw InputFailure(path: path)
                }
            }
        }
        return TraceAccessList(rights)
    }
}
