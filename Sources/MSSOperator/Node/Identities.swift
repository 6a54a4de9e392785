import MSSConnector
import MSSCore
import MSSTLS
import MSSTraces

/// The certificates of the settings, read from their files.
enum Identities {
    static func load(_ settings: [CertificateSettings]) throws(OperatorFailure) -> [OperatorIdentity] {
        var identities: [OperatorIdentity] = []
        for one in settings { identities.append(try load(one)) }
        return identities
    }

    /// Reads the disk: not to be called on an event loop.
    static func load(_ settings: CertificateSettings) throws(OperatorFailure) -> OperatorIdentity {
        do throws(KeyError) {
            let tls = try TLSIdentity(certificateFile: settings.certificate, keyFile: settings.key) {
                settings.passphrase.flatMap { SecretFile.read($0) }
            }
            return OperatorIdentity(name: settings.name, tls: tls, serverNames: settings.serverNames)
        } catch {
            throw .certificate(name: settings.name, reason: error.explanation)
        }
    }

    /// Who seals the traces: the certificate of `traces`, or the first of `certificats`.
    static func sealer(
        _ settings: TraceSettings, _ identities: [OperatorIdentity]
    ) throws(OperatorFailure) -> KeySealSigner {
        do {
            if let certificate = settings.certificate, let key = settings.key {
                let identity = try TLSIdentity(certificateFile: certificate, keyFile: key)
                return try KeySealSigner(key: identity.key, certificate: identity.chain[0])
            }
            guard let first = identities.first else {
                throw OperatorFailure.certificate(name: "traces", reason: "aucun.")
            }
            return try KeySealSigner(key: first.tls.key, certificate: first.tls.chain[0])
        } catch let failure as OperatorFailure { throw failure } catch {
            throw .certificate(name: "traces", reason: FrenchReason.of(error))
        }
    }
}
