internal import Crypto
internal import FoundationEssentials
internal import MSSJSON
import MSSCore

extension TestProSanteConnect {
    // MARK: Signing in

    /// The page where the wallet would ask for a card: a form with the known persons.
    func consentPage(_ request: TestHTTPRequest) -> TestHTTPAnswer {
        let fields = Self.fields(request.target.drop { $0 != "?" }.dropFirst())
        guard fields["response_type"] == "code", let client = fields["client_id"], Self.clients.keys.contains(client),
            let redirect = fields["redirect_uri"], fields["scope"]?.split(separator: " ").contains("openid") == true,
            fields["code_challenge"] == nil || fields["code_challenge_method"] == "S256"
        else { return refusal("invalid_request") }
        // A public client proves with PKCE that it is the one that asked (RFC 7636).
        if Self.clients[client] == .some(nil), fields["code_challenge"] == nil { return refusal("invalid_request") }
        let hidden = ["state", "nonce", "code_challenge", "client_id"].map {
            "<input type=\"hidden\" name=\"\($0)\" value=\"\(XMLText.attribute(fields[$0] ?? ""))\">"
        }
        let persons = state.withLock { $0.persons }.map {
            "<button name=\"personne\" value=\"\(XMLText.attribute($0.identifier))\">"
                + XMLText.attribute("\($0.givenName) \($0.familyName)") + "</button>"
        }
        let page = """
            <!DOCTYPE html><html lang="fr"><head><meta charset="utf-8"><title>Pro Santé Connect de test</title></head>
            <body><h1>Pro Santé Connect de test</h1><p>Qui êtes-vous ?</p><form method="post" action="/auth/consent">
            \(hidden.joined())<input type="hidden" name="redirect_uri" value="\(XMLText.attribute(redirect))">
            \(persons.joined(separator: "\n"))<button name="personne" value="">Refuser</button></form></body></html>

            """
        return .response(
            status: 200, headers: [HTTPField("Content-Type", "text/html; charset=utf-8")], body: Array(page.utf8))
    }

    /// The person has decided: back to the client software, with a code or an error.
    func consent(_ request: TestHTTPRequest) -> TestHTTPAnswer {
        let fields = form(request)
        guard let redirect = fields["redirect_uri"], let client = fields["client_id"] else {
            return refusal("invalid_request")
        }
        var answer = [("state", fields["state"] ?? ""), ("iss", issuer)]
        if let person = fields["personne"], !person.isEmpty {
            let code = Self.secret()
            let challenge = fields["code_challenge"].flatMap { $0.isEmpty ? nil : $0 }
            state.withLock { state in
                state.sessions += 1
                state.codes[code] = Grant(
                    person: person, client: client, session: "session-web-\(state.sessions)", nonce: fields["nonce"],
                    redirect: redirect, challenge: challenge)
            }
            answer.append(("code", code))
        } else {
            answer.append(("error", "access_denied"))
        }
        let query = answer.map { "\($0.0)=\(Self.percentEncoded($0.1))" }.joined(separator: "&")
        return .response(
            status: 302, headers: [HTTPField("Location", redirect + (redirect.contains("?") ? "&" : "?") + query)])
    }

    // MARK: Tokens

    func tokenEndpoint(_ fields: [String: String], _ request: TestHTTPRequest) -> TestHTTPAnswer {
        guard let client = client(fields, request) else { return refusal("invalid_client", status: 401) }
        switch fields["grant_type"] {
        case "authorization_code":
            guard let code = fields["code"], let grant = state.withLock({ $0.codes.removeValue(forKey: code) }),
                grant.client == client, grant.redirect == fields["redirect_uri"]
            else { return refusal("invalid_grant") }
            if let challenge = grant.challenge {
                guard let verifier = fields["code_verifier"],
                    base64URL(Array(SHA256.hash(data: Data(verifier.utf8)))) == challenge
                else { return refusal("invalid_grant") }
            }
            return tokens(grant)
        case "refresh_token":
            // Used once: Keycloak rotates refresh tokens too.
            guard let token = fields["refresh_token"],
                let grant = state.withLock({ $0.refreshTokens.removeValue(forKey: token) }), grant.client == client,
                !state.withLock({ $0.ended.contains(grant.session) })
            else { return refusal("invalid_grant") }
            return tokens(grant)
        case "urn:openid:params:grant-type:ciba": return poll(fields["auth_req_id"] ?? "", client)
        default: return refusal("unsupported_grant_type")
        }
    }

    private func tokens(_ grant: Grant) -> TestHTTPAnswer {
        let (maker, lifetime) = state.withLock { ($0.makers[0], $0.tokenLifetime) }
        var contents = TestTokenMaker.Contents(
            person: grant.person, issued: clock.now(), lifetime: lifetime, client: grant.client,
            session: grant.session, nonce: grant.nonce)
        let refresh = Self.secret()
        state.withLock { $0.refreshTokens[refresh] = grant }
        guard let access = try? maker.token(contents) else { return .response(status: 500) }
        contents.type = "ID"
        contents.audience = grant.client
        guard let identity = try? maker.token(contents) else { return .response(status: 500) }
        var text = object([
            ("access_token", access), ("refresh_token", refresh), ("id_token", identity), ("token_type", "Bearer"),
        ])
        text.removeLast()
        return json(text + ",\"expires_in\":\(lifetime.components.seconds),\"refresh_expires_in\":1800}")
    }

    func logout(_ fields: [String: String]) -> TestHTTPAnswer {
        state.withLock { state in
            if let token = fields["refresh_token"], let grant = state.refreshTokens.removeValue(forKey: token) {
                state.ended.insert(grant.session)
            }
        }
        return .response(status: 204)
    }

    // MARK: CIBA

    func startBackchannel(_ fields: [String: String], _ request: TestHTTPRequest) -> TestHTTPAnswer {
        guard let client = client(fields, request) else { return refusal("invalid_client", status: 401) }
        guard let person = fields["login_hint"], fields["scope"]?.contains("openid") == true else {
            return refusal("invalid_request")
        }
        // Pro Santé Connect shows the message on the telephone, beside the same on the screen.
        guard let message = fields["binding_message"], !message.isEmpty else {
            return refusal("invalid_binding_message")
        }
        guard state.withLock({ $0.persons.contains { $0.identifier == person } }) else {
            return refusal("unknown_user_id")
        }
        let identifier = Self.secret()
        state.withLock { state in
            state.sessions += 1
            state.backchannel[identifier] = Backchannel(
                grant: Grant(person: person, client: client, session: "session-ciba-\(state.sessions)"))
        }
        return json("{\"auth_req_id\":\"\(identifier)\",\"expires_in\":120,\"interval\":5}")
    }

    private func poll(_ identifier: String, _ client: String) -> TestHTTPAnswer {
        let request = state.withLock { state in
            state.backchannel[identifier]?.polls += 1
            return state.backchannel[identifier]
        }
        guard let request, request.grant.client == client else { return refusal("invalid_grant") }
        switch request.approved {
        case nil: return refusal("authorization_pending")
        case false?: return refusal("access_denied")
        case true?:
            state.withLock { $0.backchannel[identifier] = nil }
            return tokens(request.grant)
        }
    }

    // MARK: Clients

    /// The client, once it has proven who it is: by Basic or by form (RFC 6749 §2.3.1), or with nothing when it is public.
    private func client(_ fields: [String: String], _ request: TestHTTPRequest) -> String? {
        var (name, secret) = (fields["client_id"], fields["client_secret"])
        if let basic = request.header("authorization"), basic.hasPrefix("Basic "),
            let bytes = Data(base64Encoded: String(basic.dropFirst(6)))
        {
            let parts = String(decoding: bytes, as: UTF8.self).split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            (name, secret) = (percentDecoded(parts[0]), percentDecoded(parts[1]))
        }
        guard let name, let expected = Self.clients[name], expected == secret else { return nil }
        return name
    }

    private static func secret() -> String {
        var random = SystemRandomNumberGenerator()
        return (0..<16).map { _ in hexadecimal(UInt8.random(in: 0...255, using: &random)) }.joined()
    }

    private static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let isPlain = 0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
            return isPlain ? String(UnicodeScalar(byte)) : "%" + hexadecimal(byte).uppercased()
        }.joined()
    }
}
