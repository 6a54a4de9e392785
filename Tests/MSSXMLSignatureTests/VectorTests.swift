import Glibc
import MSSCore
import MSSXMLSignature
import Testing

/// Where the shared test data lies; `nil` in a clone without it.
let vectorFolder: String? = {
    let shared: String
    if let named = getenv("MSS_SHARED_DATA") {
        shared = String(cString: named)
    } else {
        shared = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/../shared/data"
    }
    let path = shared + "/xmldsig/tests"
    return access(path, R_OK) == 0 ? path : nil
}()

/// Merlin's vectors, as shipped with xmlsec (../shared/data/xmldsig): every one of them, with its verdict.
@Suite("Merlin's vectors", .enabled(if: vectorFolder != nil))
struct VectorTests {
    static func load(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen("\(vectorFolder!)/\(path)", "r"))
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }

    /// Nothing of this profile is fit for use: it shows that the rest of the machinery is right.
    static let wide: SignatureProfile = {
        var profile = SignatureProfile.strict
        profile.coverage = .anywhere(idAttributes: ["Id"])
        profile.canonicalizations = [
            .inclusiveC14N, .inclusiveC14NWithComments, .exclusiveC14N, .exclusiveC14NWithComments,
        ]
        profile.signatureMethods = [.dsaSHA1, .rsaSHA1, .hmacSHA1, .rsaSHA256]
        profile.digestMethods = [.sha1, .sha256]
        profile.exactTransforms = nil
        profile.allowedTransforms = profile.canonicalizations.union([.enveloped, .base64, .xpath])
        profile.keySources = [.unprovenKeyValue, .certificate, .certificateReference, .name, .secret]
        profile.allowsObjects = true
        profile.allowsUnusedKeyInfo = true
        profile.minimumRSABits = 0
        profile.chainSecurityLevel = 0
        return profile
    }()

    static let verdicts: [(vector: String, verdict: String, reason: String)] = [
        (
            "merlin-c14n-three/signature.xml", "verified by key value",
            "inclusive and exclusive forms, XPath, 27 references"
        ),
        ("merlin-exc-c14n-one/exc-signature.xml", "verified by key value", "exclusive forms, XPointer by id"),
        ("merlin-xmldsig-twenty-three/signature-enveloped-dsa.xml", "verified by key value", "enveloped, DSA"),
        ("merlin-xmldsig-twenty-three/signature-enveloping-b64-dsa.xml", "verified by key value", "base 64"),
        ("merlin-xmldsig-twenty-three/signature-enveloping-dsa.xml", "verified by key value", "Object by Id"),
        ("merlin-xmldsig-twenty-three/signature-enveloping-rsa.xml", "verified by key value", "RSA with SHA-1"),
        ("merlin-xmldsig-twenty-three/signature-enveloping-hmac-sha1.xml", "verified by secret", "HMAC"),
        (
            "merlin-xmldsig-twenty-three/signature-enveloping-hmac-sha1-40.xml", "verified by secret",
            "truncated, to 80 bits as xmlsec ships it"
        ),
        (
            "merlin-xmldsig-twenty-three/signature-external-b64-dsa.xml", "Reference outside the document",
            "needs the web"
        ),
        ("merlin-xmldsig-twenty-three/signature-external-dsa.xml", "Reference outside the document", "needs the web"),
        ("merlin-xmldsig-twenty-three/signature-keyname.xml", "Reference outside the document", "needs the web"),
        (
            "merlin-xmldsig-twenty-three/signature-retrievalmethod-rawx509crt.xml", "RetrievalMethod",
            "key from a file named by the document"
        ),
        ("merlin-xmldsig-twenty-three/signature-x509-crt-crl.xml", "Reference outside the document", "needs the web"),
        ("merlin-xmldsig-twenty-three/signature-x509-crt.xml", "Reference outside the document", "needs the web"),
        ("merlin-xmldsig-twenty-three/signature-x509-is.xml", "Reference outside the document", "needs the web"),
        ("merlin-xmldsig-twenty-three/signature-x509-ski.xml", "Reference outside the document", "needs the web"),
        ("merlin-xmldsig-twenty-three/signature-x509-sn.xml", "Reference outside the document", "needs the web"),
        (
            "merlin-xmldsig-twenty-three/signature.xml", "refused as a document",
            "a DTD, XSLT, a RetrievalMethod and references to the web"
        ),
    ]

    private static func trust(secret: Bool) throws -> SignatureTrust {
        let folder = "merlin-xmldsig-twenty-three/certs"
        return try SignatureTrust(
            roots: [load("\(folder)/ca.der")],
            certificates: ["badb", "balor", "macha", "merlin", "nemain"].map { try load("\(folder)/\($0).der") },
            namedKeys: ["Lugh": load("\(folder)/lugh-cert.der")], secret: secret ? Array("secret".utf8) : nil)
    }

    /// Merlin's certificates were valid in 2002.
    private static let time = Timestamp(seconds: 1_022_803_200)

    private static func verdict(_ vector: String, _ profile: SignatureProfile) throws -> String {
        let verifier = SignatureVerifier(profile: profile, trust: try trust(secret: vector.contains("hmac")))
        do throws(SignatureFailure) {
            let verified = try verifier.verify(try! load(vector), at: time)  // the file is there: see `vectorFolder`
            guard verified.signerCertificateDER == nil else { return "verified by certificate" }
            return vector.contains("hmac") ? "verified by secret" : "verified by key value"
        } catch {
            return switch error.reason {
            case .shape(let fault): fault
            case .document: "refused as a document"
            default: "\(error)"
            }
        }
    }

    @Test("Each vector gets its verdict under a profile widened for it", arguments: verdicts.map(\.vector))
    func wide(_ vector: String) throws {
        let expected = try #require(Self.verdicts.first { $0.vector == vector })
        let verdict = try Self.verdict(vector, Self.wide)
        #expect(verdict == expected.verdict, "\(expected.reason)")
    }

    @Test("A truncated HMAC is refused below the bits that the profile demands (CVE-2009-0217)")
    func shortHMAC() throws {
        var profile = Self.wide
        profile.minimumHMACBits = 81
        let vector = "merlin-xmldsig-twenty-three/signature-enveloping-hmac-sha1-40.xml"
        #expect(try Self.verdict(vector, profile) == "HMAC too short")
    }

    @Test("The strict profile refuses every vector", arguments: verdicts.map(\.vector))
    func strict(_ vector: String) throws {
        #expect(try !Self.verdict(vector, .strict).hasPrefix("verified"))
    }

    @Test("The bytes digested are those that Merlin published for each reference")
    func canonicalForms() throws {
        let verified = try SignatureVerifier(profile: Self.wide, trust: Self.trust(secret: false)).verify(
            Self.load("merlin-c14n-three/signature.xml"), at: Self.time)
        #expect(verified.references.count == 27)
        for (index, bytes) in verified.references.enumerated() {
            #expect(bytes == (try Self.load("merlin-c14n-three/c14n-\(index).txt")), "reference \(index)")
        }
    }
}
