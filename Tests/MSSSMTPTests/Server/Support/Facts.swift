import MSSCore
import MSSTestKit
import NIOCore

@testable import MSSSMTP
@testable import MSSTLS

extension TLSSessionFacts {
    /// Facts as after a handshake with a client that has no certificate.
    static let anonymous = TLSSessionFacts(
        version: .tls13, suite: TLSCipherSuite.all[0], group: nil, peer: nil, serverName: nil, isResumed: false)

    /// Facts as after a handshake with a client that has one.
    static let certified: TLSSessionFacts = {
        // The certificate of the shared test PKI: made by us, well-formed.
        let certificate = try! Certificate(der: TestPKI.shared.intermediate.certificateDER)
        return TLSSessionFacts(
            version: .tls13, suite: TLSCipherSuite.all[0], group: nil,
            peer: VerifiedPeer(certificate: certificate, chain: [certificate], revocation: .notChecked),
            serverName: nil, isResumed: false)
    }()
}

extension SMTPRefusal {
    static let unknown = SMTPRefusal(code: 550, enhanced: "5.1.1", text: "No such mailbox")
    static let later = SMTPRefusal(code: 451, enhanced: "4.3.0", text: "Not now")
}
