/// The names and policies of a two-level certification hierarchy.
public struct TestHierarchy: Sendable, Hashable {
    /// The name of the self-signed root.
    public var root: TestName
    /// The name of the intermediate authority that issues leaves.
    public var intermediate: TestName

    /// A hierarchy from the names of its two authorities.
    public init(root: TestName, intermediate: TestName) {
        self.root = root
        self.intermediate = intermediate
    }

    /// Shaped like the test branch of IGC-Santé, gamme Élémentaire, domaine Organisations (EX_OPE_5040).
    public static let igcSanteTest = igcSante(prefix: "TEST ")
    /// Shaped like the production branch; the keys are made up all the same.
    public static let igcSanteProduction = igcSante(prefix: "")
    /// A hierarchy with other names, of which no connector has heard.
    public static let foreign = TestHierarchy(
        root: TestName([
            (kind: .country, value: "FR"), (kind: .organization, value: "AUTORITE ETRANGERE"),
            (kind: .commonName, value: "RACINE ETRANGERE"),
        ]),
        intermediate: TestName([
            (kind: .country, value: "FR"), (kind: .organization, value: "AUTORITE ETRANGERE"),
            (kind: .commonName, value: "AC ETRANGERE SERVEURS"),
        ]))

    private static func igcSante(prefix: String) -> TestHierarchy {
        func authority(_ name: String) -> TestName {
            TestName([
                (kind: .country, value: "FR"), (kind: .organization, value: "ASIP-SANTE"),
                (kind: .unit, value: "0002 187512751"), (kind: .unit, value: "IGC-SANTE"),
                (kind: .commonName, value: prefix + name),
            ])
        }
        return TestHierarchy(
            root: authority("AC RACINE IGC-SANTE ELEMENTAIRE"),
            intermediate: authority("AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"))
    }
}

/// Where the certificates of a ``TestPKI`` say that revocation information and issuer certificates are found.
public struct TestEndpoints: Sendable, Hashable, Codable {
    /// OCSP responder of the intermediate's certificates (authority information access); `nil` leaves it out.
    public var ocsp: String?
    /// Full CRL of the intermediate; `nil` leaves the distribution point out.
    public var fullCRL: String?
    /// Delta CRL of the intermediate (freshest CRL extension); `nil` leaves it out.
    public var deltaCRL: String?
    /// CRL of the root.
    public var rootCRL: String?
    /// Certificate of the intermediate (`caIssuers`).
    public var intermediateCertificate: String?

    /// Endpoints one by one; each may be absent.
    public init(
        ocsp: String? = nil, fullCRL: String? = nil, deltaCRL: String? = nil, rootCRL: String? = nil,
        intermediateCertificate: String? = nil
    ) {
        self.ocsp = ocsp
        self.fullCRL = fullCRL
        self.deltaCRL = deltaCRL
        self.rootCRL = rootCRL
        self.intermediateCertificate = intermediateCertificate
    }

    /// The paths that ``CRLServer`` and ``OCSPResponder`` serve, under two base URLs without a final slash.
    public init(crlServer: String, ocspResponder: String) {
        self.init(
            ocsp: ocspResponder + "/", fullCRL: crlServer + "/intermediate.crl",
            deltaCRL: crlServer + "/intermediate-delta.crl", rootCRL: crlServer + "/root.crl",
            intermediateCertificate: crlServer + "/intermediate.cer")
    }

    /// Loopback URLs at the discard port, where nothing answers: certificates look real, revocation is unavailable.
    public static let unreachable = TestEndpoints(crlServer: "http://127.0.0.1:9", ocspResponder: "http://127.0.0.1:9")
    /// No revocation pointer at all.
    public static let none = TestEndpoints()
}
