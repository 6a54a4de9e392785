import MSSCore
import MSSMessage
import MSSSMTP
import MSSTLS
import NIOCore

/// The `Received` field with which the connector signs for a message (RFC 5321 §4.4).
///
/// It names no recipient, since one message serves several, and shows of the client only what the protocol does.
enum ReceivedField {
    /// The field for a message that came in a session.
    static func text(
        _ facts: SMTPSessionFacts, id: DeliveryID, by host: Domain, at time: Timestamp, zoneMinutes: Int
    ) -> String {
        var from = name(facts.clientName)
        if let address = address(facts.peer) { from += " (\(address))" }
        return text(
            from: from, protocolName: facts.protocolName, facts.tls, id: id, by: host, at: time,
            zoneMinutes: zoneMinutes)
    }

    private static func text(
        from: String, protocolName: String, _ facts: TLSSessionFacts?, id: DeliveryID, by host: Domain,
        at time: Timestamp, zoneMinutes: Int
    ) -> String {
        let tls = facts.map { "\r\n\t(\($0.version) \($0.suite))" } ?? ""
        let date = MessageDate(time, zoneMinutes: zoneMinutes).rfc5322
        return "Received: from \(from)\(tls)\r\n\tby \(host) with \(protocolName)\r\n\tid \(id); \(date)\r\n"
    }

    /// The field for a message that client software submitted: neither the workstation's name nor its address leave the
    /// operator, whose traces have them.
    static func submitted(
        _ facts: SMTPSessionFacts, id: DeliveryID, by host: Domain, at time: Timestamp, zoneMinutes: Int
    ) -> String {
        text(
            from: "unknown", protocolName: facts.protocolName, facts.tls, id: id, by: host, at: time,
            zoneMinutes: zoneMinutes)
    }

    /// The field for a message that was handed over on this machine.
    static func local(id: DeliveryID, by host: Domain, at time: Timestamp, zoneMinutes: Int) -> String {
        let date = MessageDate(time, zoneMinutes: zoneMinutes).rfc5322
        return "Received: by \(host) with local\r\n\tid \(id); \(date)\r\n"
    }

    private static func name(_ name: SMTPHostName?) -> String {
        switch name {
        case .domain(let domain): domain.ascii
        // Anything else of the client's making could be read as syntax.
        case .addressLiteral, .other, nil: "unknown"
        }
    }

    /// The address literal of RFC 5321 §4.1.3.
    private static func address(_ peer: SocketAddress?) -> String? {
        guard let peer, let address = peer.ipAddress else { return nil }
        if case .v6 = peer { return "[IPv6:\(address)]" }
        return "[\(address)]"
    }
}
