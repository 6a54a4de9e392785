import MSSTestKit
import Testing

@testable import MSSProSanteConnect

@Suite("EX_LPS_0900 step 5: keys and signatures")
struct KeyTests {
    /// RFC 7515 appendix A.3: a token signed with ES256.
    static let es256Key = """
        {"kty":"EC","kid":"1","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}
        """
    static let es256Signed =
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    static let es256Signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"

    static func keys(_ items: String...) -> SigningKeySet? {
        try? SigningKeySet(Array("{\"keys\":[\(items.joined(separator: ","))]}".utf8))
    }

    @Test("RFC 7515 appendix A.3: the ES256 example verifies, and not when a bit of it is changed")
    func es256() throws {
        let key = try #require(Self.keys(Self.es256Key)?["1"].first)
        let signature = try #require(Base64URL.decode(Array(Self.es256Signature.utf8)))
        let signed = Array(Self.es256Signed.utf8)
        #expect(key.verifies(signature, of: signed, by: .es256))
        #expect(!key.verifies(signature, of: signed + [0], by: .es256))
        #expect(!key.verifies(Array(signature.dropLast()), of: signed, by: .es256))
        #expect(!key.verifies([UInt8](repeating: 0, count: 64), of: signed, by: .es256))
        // RFC 8725 §3.1: a key serves for its own kind of algorithm.
        for algorithm in JWSAlgorithm.allCases where algorithm != .es256 {
            #expect(!key.verifies(signature, of: signed, by: algorithm))
        }
    }

    @Test("OpenSSL's signatures verify for every RSA algorithm, each under its own name only")
    func opensslSignatures() async throws {
        let directory = try TestFiles.temporaryDirectory("mss-jws")
        func openssl(_ arguments: String...) async throws -> ExternalTool.Result {
            let result = try await ExternalTool.run("openssl", arguments)
            #expect(result.succeeded, "\(result.errors)")
            return result
        }
        _ = try await openssl("genrsa", "-out", "\(directory)/key.pem", "2048")
        let text = try await openssl("rsa", "-in", "\(directory)/key.pem", "-noout", "-modulus").text
        let hex = Array(text.split(separator: "=")[1].prefix { $0 != "\n" })
        let modulus = stride(from: 0, to: hex.count, by: 2).map { UInt8(String(hex[$0...($0 + 1)]), radix: 16)! }
        let set = Self.keys("{\"kty\":\"RSA\",\"kid\":\"1\",\"n\":\"\(Base64URL.encode(modulus))\",\"e\":\"AQAB\"}")
        let key = try #require(set?["1"].first)
        let signed = Array("en-tete.contenu".utf8)
        try TestFiles.write(signed, to: "\(directory)/signed")
        for (algorithm, digest, pss) in [
            (JWSAlgorithm.rs256, "-sha256", false), (.rs384, "-sha384", false), (.rs512, "-sha512", false),
            (.ps256, "-sha256", true),
        ] {
            let options = pss ? ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] : []
            let result = try await ExternalTool.run(
                "openssl",
                ["dgst", digest, "-sign", "\(directory)/key.pem"] + options
                    + ["-out", "\(directory)/signature", "\(directory)/signed"])
            #expect(result.succeeded, "\(result.errors)")
            let signature = try TestFiles.read("\(directory)/signature")
            for other in JWSAlgorithm.allCases {
                #expect(key.verifies(signature, of: signed, by: other) == (other == algorithm), "\(other) \(algorithm)")
            }
        }
    }

    @Test(
        "Weak and malformed keys are no keys",
        arguments: [
            // RSA 1024; exponent 1; even exponent; point not on the curve; symmetric; for encryption; no name.
            "{\"kty\":\"RSA\",\"kid\":\"1\",\"e\":\"AQAB\",\"n\":\"\(Base64URL.encode([UInt8](repeating: 0xC1, count: 128)))\"}",
            "{\"kty\":\"RSA\",\"kid\":\"1\",\"e\":\"AQ\",\"n\":\"\(Base64URL.encode([UInt8](repeating: 0xC1, count: 256)))\"}",
            "{\"kty\":\"RSA\",\"kid\":\"1\",\"e\":\"AQAA\",\"n\":\"\(Base64URL.encode([UInt8](repeating: 0xC1, count: 256)))\"}",
            "{\"kty\":\"EC\",\"kid\":\"1\",\"crv\":\"P-256\",\"x\":\"\(Base64URL.encode([UInt8](repeating: 1, count: 32)))\",\"y\":\"\(Base64URL.encode([UInt8](repeating: 2, count: 32)))\"}",
            "{\"kty\":\"oct\",\"kid\":\"1\",\"k\":\"AAAA\"}",
            "{\"kty\":\"RSA\",\"kid\":\"1\",\"use\":\"enc\",\"e\":\"AQAB\",\"n\":\"\(Base64URL.encode([UInt8](repeating: 0xC1, count: 256)))\"}",
            "{\"kty\":\"RSA\",\"e\":\"AQAB\",\"n\":\"\(Base64URL.encode([UInt8](repeating: 0xC1, count: 256)))\"}",
            "{\"kty\":\"RSA\",\"kid\":\"1\",\"n\":\"\(Base64URL.encode([UInt8](repeating: 0xC1, count: 2048)))\",\"e\":\"AQAB\"}",
        ])
    func weakKeys(_ key: String) {
        #expect(Self.keys(key) == nil)
        // Beside a good one they are passed over (RFC 7517 §5).
        #expect(Self.keys(key, Self.es256Key)?.count == 1)
    }

    @Test(
        "base64url is read to the letter: one spelling for each octet string",
        arguments: [
            ("", []), ("AA", [0]), ("AAA", [0, 0]), ("_-8", [255, 239]), ("A", nil), ("AB", nil), ("AA==", nil),
            ("A A", nil),
            ("+/8", nil), ("AAB", nil), ("é", nil),
        ] as [(String, [UInt8]?)])
    func base64(_ text: String, _ bytes: [UInt8]?) {
        #expect(Base64URL.decode(Array(text.utf8)) == bytes)
        if let bytes { #expect(Base64URL.encode(bytes) == text) }
    }
}
