public import MSSCore

/// An OCSP response as read (RFC 6960 §4.2); nothing is proven before ``verify(certificate:issuer:nonce:at:rules:)``.
public struct OCSPResponse: Sendable {
    /// Larger ones are refused: a response about one certificate has a few KB with the responder's certificate.
    public static let maximumBytes = 64 * 1024
    /// Answers in one response; more are refused.
    static let maximumAnswers = 64
    /// Certificates in one response; more are refused.
    static let maximumCertificates = 8

    /// What the responder says about a certificate.
    public enum Status: Sendable, Hashable {
        /// Not revoked.
        case good
        /// Revoked.
        case revoked(date: Timestamp, reason: RevocationReason?)
        /// The responder does not know it.
        case unknown
    }

    /// A verified answer about one certificate.
    public struct Answer: Sendable, Hashable {
        /// The status.
        public let status: Status
        /// When the response was signed.
        public let producedAt: Timestamp
        /// When the status was known to be so.
        public let thisUpdate: Timestamp
        /// When newer information comes at the latest.
        public let nextUpdate: Timestamp?
    }

    /// Who signed, by name or by key.
    enum ResponderID {
        case name([UInt8])
        case keyHash([UInt8])
    }

    struct SingleResponse {
        let identifier: OCSPCertificateID?
        let status: Status
        let thisUpdate: Timestamp
        let nextUpdate: Timestamp?
    }

    let der: [UInt8]
    let responder: ResponderID
    let producedAt: Timestamp
    let answers: [SingleResponse]
    let nonce: [UInt8]?
    let signedPart: Range<Int>
    let signatureAlgorithm: [UInt8]
    let signature: [UInt8]
    let certificates: [[UInt8]]

    /// When the response was signed, as it says itself.
    public var signingTime: Timestamp { producedAt }
}

extension OCSPResponse {
    /// Reads a response from exactly these bytes.
    public init(der: [UInt8]) throws(OCSPError) {
        guard der.count <= Self.maximumBytes else { throw .tooLarge }
        do {
            try self.init(reading: der)
        } catch let error as OCSPError {
            throw error
        } catch {
            throw .malformed
        }
    }

    private init(reading der: [UInt8]) throws {
        var outer = DERReader(der)
        var response = try outer.enter()
        try outer.finish()
        // RFC 6960 §4.2.1: 0 is successful; errors come without a body and without a signature.
        guard try response.readSmallInteger(DERTag.enumerated) == 0 else { throw OCSPError.responderError }
        var wrapper = try response.enter(DERTag.context(0))
        try response.finish()
        var typed = try wrapper.enter()
        try wrapper.finish()
        guard try typed.readObjectIdentifier() == KnownOID.ocspBasicResponse else { throw OCSPError.malformed }
        let octets = try typed.read(DERTag.octetString)
        try typed.finish()

        var holder = typed.inside(octets)
        var basic = try holder.enter()
        try holder.finish()
        let signed = try basic.read(DERTag.sequence)
        signedPart = signed.whole
        signatureAlgorithm = basic.copy(try basic.read(DERTag.sequence).whole)
        signature = try basic.readBitStringBytes()
        certificates = try Self.readCertificates(&basic)
        try basic.finish()

        var data = basic.inside(signed)
        if let version = try data.readOptional(DERTag.context(0)) {
            var content = data.inside(version)
            guard try content.readSmallInteger() == 0 else { throw OCSPError.malformed }  // v1
        }
        responder = try Self.readResponder(&data)
        producedAt = try data.readGeneralizedTime()
        answers = try Self.readAnswers(&data)
        nonce = try Self.readNonce(&data)
        try data.finish()
        self.der = der
    }

    private static func readCertificates(_ basic: inout DERReader) throws -> [[UInt8]] {
        guard let element = try basic.readOptional(DERTag.context(0)) else { return [] }
        var wrapper = basic.inside(element)
        var list = try wrapper.enter()
        try wrapper.finish()
        var certificates: [[UInt8]] = []
        while !list.isAtEnd {
            guard certificates.count < maximumCertificates else { throw OCSPError.tooLarge }
            certificates.append(list.copy(try list.read(DERTag.sequence).whole))
        }
        return certificates
    }

    private static func readResponder(_ data: inout DERReader) throws -> ResponderID {
        let element = try data.readAny()
        var content = data.inside(element)
        switch element.tag {
        case DERTag.context(1):
            let name = try content.read(DERTag.sequence)
            try content.finish()
            return .name(content.copy(name.whole))
        case DERTag.context(2):
            let hash = try content.read(DERTag.octetString)
            try content.finish()
            return .keyHash(content.copy(hash.content))
        default: throw OCSPError.malformed
        }
    }

    private static func readAnswers(_ data: inout DERReader) throws -> [SingleResponse] {
        var list = try data.enter()
        var answers: [SingleResponse] = []
        while !list.isAtEnd {
            guard answers.count < maximumAnswers else { throw OCSPError.tooLarge }
            var fields = try list.enter()
            let identifier = try OCSPCertificateID(&fields)
            let status = try readStatus(&fields)
            let thisUpdate = try fields.readGeneralizedTime()
            var nextUpdate: Timestamp?
            if let element = try fields.readOptional(DERTag.context(0)) {
                var content = fields.inside(element)
                nextUpdate = try content.readGeneralizedTime()
                try content.finish()
            }
            if let element = try fields.readOptional(DERTag.context(1)) {
                var wrapper = fields.inside(element)
                var extensions = try wrapper.enter()
                try wrapper.finish()
                while !extensions.isAtEnd {
                    if try extensions.readExtension().isCritical { throw OCSPError.unknownCriticalExtension }
                }
            }
            try fields.finish()
            answers.append(
                SingleResponse(identifier: identifier, status: status, thisUpdate: thisUpdate, nextUpdate: nextUpdate))
        }
        return answers
    }

    private static func readStatus(_ fields: inout DERReader) throws -> Status {
        let element = try fields.readAny()
        switch element.tag {
        case DERTag.contextPrimitive(0), DERTag.contextPrimitive(2):
            guard element.content.isEmpty else { throw OCSPError.malformed }
            return element.tag == DERTag.contextPrimitive(0) ? .good : .unknown
        case DERTag.context(1):
            var info = fields.inside(element)
            let date = try info.readGeneralizedTime()
            var reason: RevocationReason?
            if let wrapper = try info.readOptional(DERTag.context(0)) {
                var content = info.inside(wrapper)
                let code = try content.readSmallInteger(DERTag.enumerated)
                try content.finish()
                reason = UInt8(exactly: code).flatMap(RevocationReason.init(rawValue:))
            }
            try info.finish()
            return .revoked(date: date, reason: reason)
        default: throw OCSPError.malformed
        }
    }

    private static func readNonce(_ data: inout DERReader) throws -> [UInt8]? {
        guard let element = try data.readOptional(DERTag.context(1)) else { return nil }
        var wrapper = data.inside(element)
        var extensions = try wrapper.enter()
        try wrapper.finish()
        var nonce: [UInt8]?
        while !extensions.isAtEnd {
            let (identifier, isCritical, value) = try extensions.readExtension()
            if identifier == KnownOID.ocspNonce {
                var content = extensions.inside(value)
                let octets = try content.read(DERTag.octetString)
                try content.finish()
                guard nonce == nil else { throw OCSPError.malformed }
                nonce = content.copy(octets.content)
            } else if isCritical {
                throw OCSPError.unknownCriticalExtension
            }
        }
        return nonce
    }
}
