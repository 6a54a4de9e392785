internal import FoundationEssentials
internal import MSSCore
internal import SwiftASN1
internal import X509
internal import _CryptoExtras

/// The signed envelope that certificates, CRLs and OCSP answers share.
enum Signed {
    static let sha256WithRSA = ASN1ObjectIdentifier.AlgorithmIdentifier.sha256WithRSAEncryption

    static func signature(_ content: [UInt8], key: _RSA.Signing.PrivateKey) throws -> [UInt8] {
        Array(try key.signature(for: content, padding: .insecurePKCS1v1_5).rawRepresentation)
    }

    static func encode(_ content: [UInt8], key: _RSA.Signing.PrivateKey, corrupt: Bool = false) throws -> [UInt8] {
        var signature = try Self.signature(content, key: key)
        if corrupt { signature[signature.count / 2] ^= 0x01 }
        return try encode { coder in
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                coder.serializeRawBytes(content)
                try coder.algorithm(sha256WithRSA)
                try coder.serialize(ASN1BitString(bytes: signature[...]))
            }
        }
    }

    static func encode(_ body: (inout DER.Serializer) throws -> Void) throws -> [UInt8] {
        var coder = DER.Serializer()
        try body(&coder)
        return coder.serializedBytes
    }
}

extension ASN1Identifier {
    static func context(_ number: UInt) -> ASN1Identifier {
        ASN1Identifier(tagWithNumber: number, tagClass: .contextSpecific)
    }
}

extension DER.Serializer {
    /// `AlgorithmIdentifier` with NULL parameters.
    mutating func algorithm(_ identifier: ASN1ObjectIdentifier) throws {
        try appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(identifier)
            try coder.serialize(ASN1Null())
        }
    }

    /// `Extension` (RFC 5280 §4.1) around a value that `body` writes.
    mutating func extensionField(
        _ identifier: ASN1ObjectIdentifier, critical: Bool = false, _ body: (inout DER.Serializer) throws -> Void
    ) throws {
        let value = try Signed.encode(body)
        try appendConstructedNode(identifier: .sequence) { coder in
            try coder.serialize(identifier)
            if critical { try coder.serialize(true) }
            try coder.serialize(ASN1OctetString(contentBytes: value[...]))
        }
    }

    /// `INTEGER` from unsigned big-endian bytes.
    mutating func unsignedInteger(_ bytes: [UInt8]) {
        appendPrimitiveNode(identifier: .integer) { output in
            let significant = bytes.drop { $0 == 0 }
            if significant.first.map({ $0 >= 0x80 }) ?? true { output.append(0) }
            output += significant
        }
    }

    /// `ENUMERATED` of one byte.
    mutating func enumerated(_ value: UInt8) {
        appendPrimitiveNode(identifier: .enumerated) { $0.append(value) }
    }

    /// `Time` as RFC 5280 §5.1.2.4 wants it: UTCTime until 2049, then GeneralizedTime.
    mutating func time(_ time: Timestamp) throws {
        let civil = time.civil
        if (1950..<2050).contains(civil.year) {
            try serialize(
                UTCTime(
                    year: civil.year, month: civil.month, day: civil.day, hours: civil.hour, minutes: civil.minute,
                    seconds: civil.second))
        } else {
            try generalizedTime(time)
        }
    }

    /// `GeneralizedTime` without fraction.
    mutating func generalizedTime(_ time: Timestamp) throws {
        let civil = time.civil
        try serialize(
            GeneralizedTime(
                year: civil.year, month: civil.month, day: civil.day, hours: civil.hour, minutes: civil.minute,
                seconds: civil.second, fractionalSeconds: 0))
    }

    /// A time wrapped in a context tag that replaces its own (`IMPLICIT`).
    mutating func generalizedTime(_ time: Timestamp, explicit tag: UInt) throws {
        try serialize(explicitlyTaggedWithTagNumber: tag, tagClass: .contextSpecific) { try $0.generalizedTime(time) }
    }
}
