internal import Crypto
internal import FoundationEssentials
internal import MSSJSON
import MSSCore

extension TestProSanteConnect {
    private static let base = "/protocol/openid-connect"

    func answer(_ request: TestHTTPRequest) -> TestHTTPAnswer {
        let path = String(request.path)
        let name = path.hasPrefix(Self.realm) ? String(path.dropFirst(Self.realm.count)) : path
        let fault = state.withLock { state in
            state.requests[name, default: 0] += 1
            return state.fault
        }
        switch fault {
        case .down: return .close
        case .error: return .response(status: 503)
        case .silence: return .silence
        case .page:
            return .response(
                status: 200, headers: [HTTPField("Content-Type", "text/html")], body: Array("<html>".utf8))
        case nil, .refusal, .noIdentity, .otherSubject, .noKeys: break
        }
        switch (request.method, name) {
        case ("GET", "/.well-known/wallet-openid-configuration"), ("GET", "/.well-known/openid-configuration"):
            return json(discoveryDocument)
        case ("GET", Self.base + "/certs"):
            return json("{\"keys\":[\(fault == .noKeys ? "" : keys.joined(separator: ","))]}")
        case ("GET", Self.base + "/userinfo"), ("POST", Self.base + "/userinfo"): return userInfo(request, fault)
        case ("GET", "/auth"): return consentPage(request)
        case ("POST", "/auth/consent"): return consent(request)
        case ("POST", Self.base + "/token"): return tokenEndpoint(form(request), request)
        case ("POST", Self.base + "/ext/ciba/auth"): return startBackchannel(form(request), request)
        case ("POST", Self.base + "/logout"): return logout(form(request))
        default: return .response(status: 404)
        }
    }

    private var keys: [String] { state.withLock { $0.makers.map(\.publicKey) } }

    private var discoveryDocument: String {
        let members = [
            ("issuer", issuer), ("authorization_endpoint", url + "/auth"),
            ("token_endpoint", issuer + Self.base + "/token"), ("userinfo_endpoint", issuer + Self.base + "/userinfo"),
            ("jwks_uri", issuer + Self.base + "/certs"), ("end_session_endpoint", issuer + Self.base + "/logout"),
            ("backchannel_authentication_endpoint", issuer + Self.base + "/ext/ciba/auth"),
        ]
        return object(members)
    }

    // MARK: UserInfo

    private func userInfo(_ request: TestHTTPRequest, _ fault: Fault?) -> TestHTTPAnswer {
        let refused = TestHTTPAnswer.response(
            status: 401, headers: [HTTPField("WWW-Authenticate", "Bearer error=\"invalid_token\"")])
        guard let token = request.header("authorization"), token.hasPrefix("Bearer ") else { return refused }
        let now = clock.now()
        let (makers, ended, persons) = state.withLock { ($0.makers, $0.ended, $0.persons) }
        let claims = makers.lazy.compactMap { $0.claims(of: String(token.dropFirst(7)), at: now) }.first
        guard fault != .refusal, let claims, let subject = claims["sub"]?.text,
            let session = claims["sid"]?.text, !ended.contains(session),
            let identifier = TestTokenMaker.person(of: subject)
        else { return refused }
        let person = persons.first { $0.identifier == identifier }
        var members = [
            ("sub", fault == .otherSubject ? TestTokenMaker.subject(of: "899700000983") : subject),
            ("given_name", person?.givenName ?? "Camille"), ("family_name", person?.familyName ?? "TEST"),
            ("preferred_username", identifier), ("SubjectOrganization", "CABINET DE TEST"),
        ]
        if fault != .noIdentity { members.append(("SubjectNameID", identifier)) }
        var text = object(members)
        text.insert(
            contentsOf: "\"SubjectRole\":[\"10^1.2.250.1.213.1.1.5.5\"],", at: text.index(after: text.startIndex))
        return json(text)
    }

    // MARK: Helpers

    func json(_ text: String, status: Int = 200) -> TestHTTPAnswer {
        .response(
            status: status,
            headers: [HTTPField("Content-Type", "application/json"), HTTPField("Cache-Control", "no-store")],
            body: Array(text.utf8))
    }

    func object(_ members: [(String, String)]) -> String {
        "{" + members.map { "\(JSONText.string($0.0)):\(JSONText.string($0.1))" }.joined(separator: ",") + "}"
    }

    func refusal(_ error: String, status: Int = 400) -> TestHTTPAnswer {
        json(object([("error", error), ("error_description", "refused by the test service")]), status: status)
    }

    func form(_ request: TestHTTPRequest) -> [String: String] {
        Self.fields(String(decoding: request.body, as: UTF8.self))
    }

    static func fields(_ text: some StringProtocol) -> [String: String] {
        var fields: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(String(parts[0]).replacing("+", with: " ")) else { continue }
            fields[name] = percentDecoded(parts.count == 2 ? String(parts[1]).replacing("+", with: " ") : "")
        }
        return fields
    }
}
