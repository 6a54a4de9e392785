internal import Crypto
internal import FoundationEssentials
internal import SwiftASN1
internal import _CryptoExtras

/// An `OCSPRequest` (RFC 6960 §4.1.1): the certificates asked about and the nonce.
struct OCSPQuestion: DERParseable {
    /// One `CertID`, with its encoding, which the answer repeats.
    struct CertificateID: DERParseable {
        let hash: ASN1ObjectIdentifier
        let issuerName: ArraySlice<UInt8>
        let issuerKey: ArraySlice<UInt8>
        let serialNumber: ArraySlice<UInt8>

        init(derEncoded node: ASN1Node) throws {
            self = try DER.sequence(node, identifier: .sequence) { nodes in
                let hash = try DER.sequence(try nodes.required(), identifier: .sequence) { nodes in
                    let hash = try ASN1ObjectIdentifier(derEncoded: &nodes)
                    while nodes.next() != nil {}  // parameters: NULL or absent
                    return hash
                }
                return CertificateID(
                    hash: hash, issuerName: try ASN1OctetString(derEncoded: &nodes).bytes,
                    issuerKey: try ASN1OctetString(derEncoded: &nodes).bytes,
                    serialNumber: try ArraySlice<UInt8>(derEncoded: &nodes))
            }
        }

        init(
            hash: ASN1ObjectIdentifier, issuerName: ArraySlice<UInt8>, issuerKey: ArraySlice<UInt8>,
            serialNumber: ArraySlice<UInt8>
        ) {
            self.hash = hash
            self.issuerName = issuerName
            self.issuerKey = issuerKey
            self.serialNumber = serialNumber
        }

        /// SHA-1 identification of a certificate of `authority`, the only one that every responder must know.
        init(serialNumber: [UInt8], authority: TestAuthority) throws {
            let name = try Signed.encode { try $0.serialize(authority.name.x509) }
            self.init(
                hash: .sha1, issuerName: Array(Insecure.SHA1.hash(data: name))[...],
                issuerKey: authority.keyIdentifier, serialNumber: serialNumber[...])
        }

        /// Whether `authority` is the issuer meant; SHA-1 and SHA-256 are understood.
        func names(_ authority: TestAuthority) throws -> Bool {
            let name = try Signed.encode { try $0.serialize(authority.name.x509) }
            let key = try authority.publicKeyBits
            switch hash {
            case .sha1:
                return issuerName.elementsEqual(Insecure.SHA1.hash(data: name))
                    && issuerKey.elementsEqual(Insecure.SHA1.hash(data: key))
            case .sha256:
                return issuerName.elementsEqual(SHA256.hash(data: name))
                    && issuerKey.elementsEqual(SHA256.hash(data: key))
            default: return false
            }
        }

        func serialize(into coder: inout DER.Serializer, serialNumber: [UInt8]) throws {
            try coder.appendConstructedNode(identifier: .sequence) { coder in
                try coder.algorithm(hash)
                try coder.serialize(ASN1OctetString(contentBytes: issuerName))
                try coder.serialize(ASN1OctetString(contentBytes: issuerKey))
                coder.unsignedInteger(serialNumber)
            }
        }
    }

    let certificates: [CertificateID]
    /// The whole nonce extension value (an OCTET STRING in DER), to be repeated.
    let nonce: ArraySlice<UInt8>?

    init(certificates: [CertificateID], nonce: ArraySlice<UInt8>? = nil) {
        self.certificates = certificates
        self.nonce = nonce
    }

    init(derEncoded node: ASN1Node) throws {
        self = try DER.sequence(node, identifier: .sequence) { nodes in
            let question = try DER.sequence(try nodes.required(), identifier: .sequence, Self.content)
            while nodes.next() != nil {}  // optionalSignature: not checked by this responder
            return question
        }
    }

    private static func content(_ nodes: inout ASN1NodeCollection.Iterator) throws -> OCSPQuestion {
        _ = try DER.optionalExplicitlyTagged(&nodes, tagNumber: 0, tagClass: .contextSpecific) { $0 }  // version
        _ = try DER.optionalExplicitlyTagged(&nodes, tagNumber: 1, tagClass: .contextSpecific) { $0 }  // requestorName
        let certificates = try DER.sequence(
            of: SingleQuestion.self, identifier: .sequence, rootNode: try nodes.required())
        let extensions = try DER.optionalExplicitlyTagged(&nodes, tagNumber: 2, tagClass: .contextSpecific) {
            try DER.sequence(of: ExtensionField.self, identifier: .sequence, rootNode: $0)
        }
        return OCSPQuestion(
            certificates: certificates.map { $0.certificate },
            nonce: extensions?.first { $0.identifier == .ocspNonce }?.value)
    }

    private struct SingleQuestion: DERParseable {
        let certificate: CertificateID

        init(derEncoded node: ASN1Node) throws {
            certificate = try DER.sequence(node, identifier: .sequence) { nodes in
                guard let first = nodes.next() else { throw ASN1Error.invalidASN1Object(reason: "no CertID") }
                while nodes.next() != nil {}  // singleRequestExtensions
                return try CertificateID(derEncoded: first)
            }
        }
    }

    private struct ExtensionField: DERParseable {
        let identifier: ASN1ObjectIdentifier
        let value: ArraySlice<UInt8>

        init(derEncoded node: ASN1Node) throws {
            (identifier, value) = try DER.sequence(node, identifier: .sequence) { nodes in
                let identifier = try ASN1ObjectIdentifier(derEncoded: &nodes)
                _ = try DER.decodeDefault(&nodes, defaultValue: false)
                return (identifier, try ASN1OctetString(derEncoded: &nodes).bytes)
            }
        }
    }
}

extension ASN1ObjectIdentifier {
    static let sha1: ASN1ObjectIdentifier = [1, 3, 14, 3, 2, 26]
    static let sha256: ASN1ObjectIdentifier = [2, 16, 840, 1, 101, 3, 4, 2, 1]
    static let ocspBasic: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 48, 1, 1]
    static let ocspNonce: ASN1ObjectIdentifier = [1, 3, 6, 1, 5, 5, 7, 48, 1, 2]
}

extension TestAuthority {
    /// The content of `subjectPublicKey`, without tag, length and unused bits: what RFC 6960 hashes.
    var publicKeyBits: ArraySlice<UInt8> {
        get throws { key.publicKey.pkcs1DERRepresentation.map { $0 }[...] }
    }
}

extension ASN1NodeCollection.Iterator {
    /// The next node, which the syntax demands.
    fileprivate mutating func required() throws -> ASN1Node {
        guard let node = next() else { throw ASN1Error.invalidASN1Object(reason: "missing element") }
        return node
    }
}
