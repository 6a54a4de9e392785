import MSSCore
import MSSTestKit
import Testing

/// Every product of the test PKI is judged by the openssl command.
@Suite struct TestPKITests {
    let pki = TestPKI.shared

    @Test("a server certificate verifies with openssl, CRLs of both authorities checked")
    func serverVerifies() async throws {
        let credential = try pki.issue(.server(commonName: "mx.chu-test.mssante.fr"))
        let answer = try await verify(credential, purpose: "sslserver")
        #expect(answer.succeeded, "\(answer.everything)")
        #expect(try await verify(credential, purpose: "sslclient").succeeded)
    }

    @Test("x509 -text shows the names, usages and pointers of an IGC-Santé server certificate")
    func serverText() async throws {
        let endpoints = TestEndpoints(
            crlServer: "http://127.0.0.1:8081", ocspResponder: "http://127.0.0.1:8082")
        let credential = try pki.issue(
            .server(
                commonName: "mx.clinique.mssante.fr", dnsNames: ["mx.clinique.mssante.fr", "mx2.clinique.mssante.fr"]),
            subject: .clinic, endpoints: endpoints)
        let text = try await openssl(
            ["x509", "-noout", "-text", "-nameopt", "RFC2253,-esc_msb"], credential.certificatePEM)
        for part in [
            "Subject: \(credential.subject)",
            "Issuer: CN=TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS,OU=IGC-SANTE,OU=0002 187512751,O=ASIP-SANTE,C=FR",
            "Signature Algorithm: sha256WithRSAEncryption", "Public-Key: (2048 bit)", "CA:FALSE",
            "Digital Signature, Key Encipherment",
            "TLS Web Server Authentication, TLS Web Client Authentication",
            "DNS:mx.clinique.mssante.fr, DNS:mx2.clinique.mssante.fr", "OCSP - URI:http://127.0.0.1:8082/",
            "CA Issuers - URI:http://127.0.0.1:8081/intermediate.cer", "X509v3 CRL Distribution Points",
            "URI:http://127.0.0.1:8081/intermediate.crl", "X509v3 Freshest CRL",
            "URI:http://127.0.0.1:8081/intermediate-delta.crl", "Policy: 2.999.1", "X509v3 Subject Key Identifier",
            "X509v3 Authority Key Identifier",
        ] {
            #expect(text.contains(part), "\(part) missing in \(text)")
        }
        #expect(
            credential.subject
                == "CN=mx.clinique.mssante.fr,OU=1130000011,O=CLINIQUE DE L'ÉTANG,ST=Bouches-du-Rhône (13),C=FR")
    }

    @Test("the authorities are those of IGC-Santé's test branch")
    func authorities() async throws {
        let text = try await openssl(
            ["x509", "-noout", "-text", "-nameopt", "RFC2253"], pki.intermediate.certificatePEM)
        #expect(
            text.contains(
                "Issuer: CN=TEST AC RACINE IGC-SANTE ELEMENTAIRE,OU=IGC-SANTE,OU=0002 187512751,O=ASIP-SANTE,C=FR"))
        #expect(text.contains("CA:TRUE, pathlen:0"))
        #expect(text.contains("Certificate Sign, CRL Sign"))
        #expect(text.contains("Policy: X509v3 Any Policy"))
    }

    @Test(
        "each kind has its usages",
        arguments: [
            (TestCertificateProfile.applicationClient(commonName: "appli"), "TLS Web Client Authentication"),
            (.seal(commonName: "cachet"), "Non Repudiation"),
            (.whitelistSigner, "E-mail Protection"),
            (.ocspResponder(), "OCSP Signing"),
            (.server(commonName: "mx.test.mssante.fr").withWrongUsage(), "Code Signing"),
        ])
    func kinds(profile: TestCertificateProfile, usage: String) async throws {
        let credential = try pki.issue(profile, subject: .agency)
        #expect(try await openssl(["x509", "-noout", "-text"], credential.certificatePEM).contains(usage))
        #expect(try await verify(credential).succeeded)
        if profile.purposes != [.client] {
            #expect(try await !verify(credential, purpose: "sslclient").succeeded)
        }
        #expect(try await !verify(credential, purpose: "sslserver").succeeded)
    }

    @Test(
        "bad certificates are bad for the reason asked",
        arguments: [
            (TestValidity.expired, TestStatus.good, "certificate has expired"),
            (.notYetValid, .good, "certificate is not yet valid"),
            (.valid, .revoked(.keyCompromise), "certificate revoked"),
        ])
    func bad(validity: TestValidity, status: TestStatus, reason: String) async throws {
        let credential = try pki.issue(
            .server(commonName: "mauvais.mssante.fr"), validity: validity, status: status)
        let answer = try await verify(credential)
        #expect(!answer.succeeded)
        #expect(answer.everything.contains(reason), "\(answer.everything)")
    }

    @Test("weak keys and weak signatures are made and refused at security level 2")
    func weak() async throws {
        for (strength, mark, reason) in [
            (TestStrength.weakKey, "(1024 bit)", "EE certificate key too weak"),
            (.weakSignature, "sha1WithRSAEncryption", "CA signature digest algorithm too weak"),
        ] {
            let credential = try pki.issue(.server(commonName: "faible.mssante.fr"), strength: strength)
            #expect(try await openssl(["x509", "-noout", "-text"], credential.certificatePEM).contains(mark))
            let answer = try await verify(credential, extra: ["-auth_level", "2"])
            #expect(!answer.succeeded)
            #expect(answer.everything.contains(reason), "\(answer.everything)")
        }
    }

    @Test("a lookalike hierarchy has the same names, and its certificates do not verify")
    func lookalike() async throws {
        #expect(TestPKI.lookalike.intermediate.subject == pki.intermediate.subject)
        let credential = try TestPKI.lookalike.issue(.server(commonName: "mx.chu-test.mssante.fr"))
        #expect(try await !verify(credential).succeeded)
        #expect(try await verify(credential, by: TestPKI.lookalike).succeeded)
        let foreign = try TestPKI.foreign.issue(.server(commonName: "mx.chu-test.mssante.fr"))
        let answer = try await verify(foreign)
        #expect(answer.everything.contains("unable to get local issuer certificate"), "\(answer.everything)")
    }

    @Test("private keys are PKCS#8, match their certificates, and fresh ones differ from the pool's")
    func keys() async throws {
        let pooled = try pki.issue(.server(commonName: "a.mssante.fr"))
        let fresh = try pki.issue(.server(commonName: "a.mssante.fr"), strength: .fresh)
        let renewed = try pki.issue(.server(commonName: "a.mssante.fr"), strength: .reusing(fresh))
        for credential in [pooled, fresh, renewed] {
            #expect(credential.privateKeyPEM.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
            let ofKey = try await openssl(["pkey", "-pubout"], credential.privateKeyPEM)
            let ofCertificate = try await openssl(["x509", "-noout", "-pubkey"], credential.certificatePEM)
            #expect(ofKey == ofCertificate)
        }
        #expect(fresh.privateKeyPEM != pooled.privateKeyPEM)
        for other in ["b", "c", "d"] { _ = try pki.issue(.server(commonName: "\(other).mssante.fr")) }
        #expect(try pki.issue(.server(commonName: "a.mssante.fr")).privateKeyPEM == pooled.privateKeyPEM)
        #expect(fresh.privateKeyPEM == renewed.privateKeyPEM)
        #expect(fresh.serialNumber != renewed.serialNumber)
    }

    @Test("a certificate issued by the root itself verifies without the intermediate")
    func fromRoot() async throws {
        let credential = try pki.issue(.server(commonName: "racine.mssante.fr"), fromRoot: true)
        #expect(credential.chainDER.count == 1)
        #expect(try await verify(credential).succeeded)
    }

    @Test("write puts the hierarchy and a credential on disk, keys with mode 0600")
    func write() async throws {
        let directory = try TestFiles.temporaryDirectory()
        try pki.write(to: directory + "/pki", privateKeys: true)
        let credential = try pki.issue(.server(commonName: "mx.test.mssante.fr"))
        try credential.write(to: directory + "/pki", name: "mx")
        let modes = try await ExternalTool.run(
            "stat",
            ["-c", "%a %n"]
                + [
                    "root.key", "intermediate.key", "mx.key", "mx.pem",
                ].map { "\(directory)/pki/\($0)" })
        #expect(modes.text.split(separator: "\n").map { $0.prefix(3) } == ["600", "600", "600", "644"])
        let answer = try await ExternalTool.run(
            "openssl",
            [
                "verify", "-crl_check_all", "-CAfile", "\(directory)/pki/ca.pem", "-CRLfile",
                "\(directory)/pki/crls.pem",
                "\(directory)/pki/mx.pem",
            ])
        #expect(answer.succeeded, "\(answer.everything)")
        for name in ["crl", "root-crl"] {
            let der = try await ExternalTool.run(
                "openssl", ["crl", "-inform", "DER", "-in", "\(directory)/pki/\(name).der", "-noout", "-hash"])
            let pem = try await ExternalTool.run(
                "openssl", ["crl", "-in", "\(directory)/pki/\(name).pem", "-noout", "-hash"])
            #expect(der.succeeded && der.text == pem.text)
        }
        _ = try await ExternalTool.run("rm", ["-r", directory])
    }
}
