import MSSCore
import MSSTLS
import MSSTestKit
import NIOPosix
import TestIdentities

@testable import MSSSMTP

/// Certificates and TLS contexts of the client's tests over sockets.
enum LiveIdentities {
    // Should the test PKI not give them, nothing of these tests could run.
    static let server = try! TestPKI.shared.issue(
        .server(commonName: "mx.d.test", dnsNames: ["mx.d.test", "localhost"]))
    // the test PKI
    static let client = try! TestPKI.shared.issue(.server(commonName: "mx.client.test"), subject: .clinic)
    static let foreign = try! TestPKI.foreign.issue(.server(commonName: "mx.d.test"))  // the test PKI

    /// A busy machine may starve the pool longer than a real handshake may take.
    static let limits = TLSLimits(handshakeTimeout: .seconds(300))

    static func serverContext(_ credential: TestCredential = server) throws -> TLSContext {
        try TLSContext(
            .server(
                policy: .operator(.v1_6), identity: TLSIdentity(credential),
                clientAuthentication: .required(PKIXVerifier.testPKI), limits: limits))
    }

    static func clientContext() throws -> ReloadableTLSContext {
        ReloadableTLSContext(
            try TLSContext(
                .client(
                    policy: .operator(.v1_6), identity: TLSIdentity(client), verifier: PKIXVerifier.testPKI,
                    limits: limits)))
    }

    /// The files that other programs need.
    static func write(_ credential: TestCredential = server, to directory: String) throws {
        try credential.write(to: directory, name: "leaf")
        try TestFiles.write(TestPKI.shared.trustStorePEM, to: "\(directory)/ca.pem")
    }
}

extension SMTPTimeouts {
    /// Timeouts that a busy machine does not reach; the machine's tests check them.
    static let patient: SMTPTimeouts = {
        var timeouts = SMTPTimeouts.rfc5321
        timeouts.connect = .seconds(300)
        timeouts.tls = .seconds(300)
        timeouts.quit = .seconds(300)
        return timeouts
    }()
}

extension SMTPClientConfiguration {
    /// Mutual TLS between operators: the DN counts, not the host's name.
    static func live(
        checkPeer: PeerCheck? = nil, credentials: CredentialSource? = nil, timeouts: SMTPTimeouts = .patient,
        change: (inout SMTPClientSessionConfiguration) -> Void = { _ in }
    ) throws -> SMTPClientConfiguration {
        var session = SMTPClientSessionConfiguration(
            clientName: .domain(try Domain("mx.client.test")), timeouts: timeouts)
        change(&session)
        return SMTPClientConfiguration(
            session: session, tls: try LiveIdentities.clientContext(), comparesServerName: false, checkPeer: checkPeer,
            credentials: credentials)
    }

    /// In clear, on this machine.
    static func local(
        _ mode: SMTPClientSessionConfiguration.Mode = .smtp,
        change: (inout SMTPClientSessionConfiguration) -> Void = { _ in }
    ) throws -> SMTPClientConfiguration {
        var session = SMTPClientSessionConfiguration(
            clientName: .domain(try Domain("mx.client.test")), mode: mode, timeouts: .patient)
        change(&session)
        return SMTPClientConfiguration(localSession: session)
    }
}

extension SMTPDestination {
    static func local(_ port: Int) -> SMTPDestination {
        // a literal
        SMTPDestination(.host("127.0.0.1", port: port), domain: try! Domain("d.test"), serverName: "mx.d.test")
    }
}

extension SMTPOutgoingMessage {
    static func test(_ recipients: String..., text: String = "Subject: Bilan\r\n\r\nx\r\n") -> SMTPOutgoingMessage {
        SMTPOutgoingMessage(
            OutgoingEnvelope(sender: address("a@client.test"), recipients: recipients.map { address($0) }),
            SMTPContent(text.utf8))
    }
}
