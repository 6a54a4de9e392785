import MSSCore
import MSSTestKit
import Testing

/// Full and delta CRLs, read and obeyed by openssl.
@Suite struct TestCRLTests {
    let pki: TestPKI

    init() throws { pki = try TestPKI() }

    @Test("a full CRL shows its number, key identifier, entries and reasons")
    func fullText() async throws {
        let endpoints = TestEndpoints(crlServer: "http://127.0.0.1:8081", ocspResponder: "http://127.0.0.1:8082")
        pki.endpoints = endpoints
        let compromised = try pki.issue(.server(commonName: "a.mssante.fr"), status: .revoked(.keyCompromise))
        _ = try pki.issue(.server(commonName: "b.mssante.fr"), status: .revoked(.unspecified))
        let text = try await openssl(["crl", "-inform", "DER", "-noout", "-text"], pki.fullCRL())
        let serial = hexadecimal(compromised.serialNumber)
        for part in [
            "Version 2 (0x1)", "Signature Algorithm: sha256WithRSAEncryption", "X509v3 Authority Key Identifier",
            "X509v3 CRL Number", "X509v3 Freshest CRL", "URI:http://127.0.0.1:8081/intermediate-delta.crl",
            "Serial Number: \(serial)", "Key Compromise",
        ] { #expect(text.contains(part), "\(part) missing in \(text)") }
        #expect(text.components(of: "Serial Number:") == 2)
        // `unspecified` should not be written (RFC 5280 §5.3.1).
        #expect(text.components(of: "X509v3 CRL Reason Code") == 1)
    }

    @Test("numbers increase from one CRL to the next, for each issuer")
    func numbers() async throws {
        var numbers: [Int] = []
        for crl in [try pki.fullCRL(), try pki.deltaCRL(), try pki.fullCRL(of: .root)] {
            let line = try await openssl(["crl", "-inform", "DER", "-noout", "-crlnumber"], crl)
            numbers.append(try #require(Int(line.dropFirst("crlNumber=0x".count).dropLast(), radix: 16)))
        }
        #expect(numbers == [1, 2, 1])
    }

    @Test("a revocation told only by the delta CRL is obeyed with -use_deltas")
    func delta() async throws {
        let credential = try pki.issue(.server(commonName: "a.mssante.fr"))
        let lists = [try pki.fullCRL(of: .root), try pki.fullCRL()]
        pki.revoke(credential, reason: .superseded)
        let delta = try pki.deltaCRL()
        let text = try await openssl(["crl", "-inform", "DER", "-noout", "-text"], delta)
        #expect(text.contains("X509v3 Delta CRL Indicator: critical"))
        #expect(text.contains("Superseded"))
        let deltas = ["-use_deltas", "-extended_crl"]
        #expect(try await verify(credential, by: pki, crls: lists).succeeded)
        let answer = try await verify(credential, by: pki, crls: lists + [delta], extra: deltas)
        #expect(!answer.succeeded)
        #expect(answer.everything.contains("certificate revoked"), "\(answer.everything)")
        // The next full CRL tells it too.
        #expect(try await !verify(credential, by: pki).succeeded)
    }

    @Test("a certificate released from hold leaves by removeFromCRL in the delta, then from the full CRL")
    func release() async throws {
        let credential = try pki.issue(.server(commonName: "a.mssante.fr"), status: .revoked(.certificateHold))
        let lists = [try pki.fullCRL(of: .root), try pki.fullCRL()]
        #expect(try await !verify(credential, by: pki, crls: lists).succeeded)
        pki.release(credential)
        let delta = try pki.deltaCRL()
        let text = try await openssl(["crl", "-inform", "DER", "-noout", "-text"], delta)
        #expect(text.contains("Remove From CRL"))
        let answer = try await verify(
            credential, by: pki, crls: lists + [delta], extra: ["-use_deltas", "-extended_crl"])
        #expect(answer.succeeded, "\(answer.everything)")
        #expect(try await verify(credential, by: pki).succeeded)
    }

    @Test("bad CRLs are refused for the reason asked")
    func bad() async throws {
        let credential = try pki.issue(.server(commonName: "a.mssante.fr"))
        let root = try pki.fullCRL(of: .root)
        for (crl, reason) in [
            (try pki.staleCRL(), "CRL has expired"),
            (try pki.fullCRL(TestCRLOptions(thisUpdate: pki.now + .seconds(86_400))), "CRL is not yet valid"),
            (try pki.fullCRL(TestCRLOptions(signature: .corrupt)), "CRL signature failure"),
            (try pki.fullCRL(TestCRLOptions(signature: .otherKey)), "CRL signature failure"),
            (try pki.fullCRL(TestCRLOptions(unknownCriticalExtension: true)), "unhandled critical CRL extension"),
            (try pki.fullCRL(TestCRLOptions(onlyAuthorities: true)), "different CRL scope"),
        ] {
            let answer = try await verify(credential, by: pki, crls: [root, crl])
            #expect(!answer.succeeded)
            #expect(answer.everything.contains(reason), "\(reason): \(answer.everything)")
        }
        let absent = try await verify(credential, by: pki, crls: [root])
        #expect(absent.everything.contains("unable to get certificate CRL"), "\(absent.everything)")
    }

    @Test("a revoked intermediate condemns its leaves")
    func intermediate() async throws {
        let credential = try pki.issue(.server(commonName: "a.mssante.fr"))
        pki.revokeIntermediate()
        let answer = try await verify(credential, by: pki)
        #expect(answer.everything.contains("error 23 at 1 depth lookup: certificate revoked"), "\(answer.everything)")
    }

    @Test("dates after 2049 are GeneralizedTime")
    func farDates() async throws {
        let crl = try pki.fullCRL(TestCRLOptions(lifetime: .seconds(86_400 * 366 * 30)))
        let text = try await openssl(["asn1parse", "-inform", "DER"], crl)
        #expect(text.contains("GENERALIZEDTIME"))
        #expect(text.contains("UTCTIME"))
    }
}

extension String {
    /// How many times `part` occurs.
    fileprivate func components(of part: String) -> Int {
        var count = 0
        var rest = self[...]
        while let range = rest.firstRange(of: part) {
            count += 1
            rest = rest[range.upperBound...]
        }
        return count
    }
}

/// Upper-case hexadecimal without separators.
func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789ABCDEF")
    return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}
