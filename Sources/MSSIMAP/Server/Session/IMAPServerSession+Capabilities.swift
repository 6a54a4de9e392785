import MSSSASL
import MSSTLS

extension IMAPServerSession {
    /// What is offered now.
    var capabilities: [IMAPCapability] {
        guard state == .notAuthenticated else {
            var list = IMAPCapability.afterLogin + [IMAPCapability("APPENDLIMIT=\(limits.appendSize)")]
            if configuration.offersCompression, !isCompressed { list.append(.compressDeflate) }
            return list
        }
        // IDLE as Dovecot has it here too: clients such as aioimaplib do not ask again once they are logged in.
        var list: [IMAPCapability] = [.rev1, .rev2, .saslIR, .literalMinus, .enable, .id, .idle]
        if configuration.security == .startTLSRequired, facts.tls == nil { list.append(.startTLS) }
        let mechanisms = mechanisms
        // EX_LPS_0700: AUTH=XOAUTH2 beside SASL-IR; only under TLS, so that no token travels in clear.
        list += mechanisms.map { .auth($0.name) }
        if !mechanisms.contains(.plain) { list.append(.loginDisabled) }
        return list
    }

    var capabilityList: String { capabilities.map(\.name).joined(separator: " ") }

    /// Mechanisms offered now.
    var mechanisms: [SASLMechanism] {
        guard facts.tls != nil || configuration.security == .none else { return [] }
        return configuration.mechanisms.filter { $0 != .external || facts.tls?.peer != nil }
    }
}
