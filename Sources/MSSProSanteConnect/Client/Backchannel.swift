public import MSSCore
import MSSJSON

/// A sign-in by the e-CPS application alone, between the moment it is asked for and the person's answer (CIBA).
public struct BackchannelRequest: Sendable, Hashable {
    /// `auth_req_id`.
    public let identifier: String
    /// When it ends.
    public let expires: Timestamp
    /// How long to wait between questions.
    public let interval: Duration
}

extension ProSanteConnectClient {
    /// Asks the person's telephone (OpenID Connect CIBA §7).
    ///
    /// - Parameters:
    ///   - person: the national identifier, `8` and the RPPS number for most.
    ///   - message: a short text shown on the telephone and by the software: the person compares them.
    public func askTelephone(of person: String, message: String) async throws(SignInFailure) -> BackchannelRequest {
        guard let endpoint = try await endpoints().ciba else { throw .unavailable(.notOffered(.ciba)) }
        let now = clock.now()
        let answer = try await json(
            endpoint,
            [
                ("scope", registration.scope), ("login_hint", person), ("binding_message", message),
                ("acr_values", registration.assurance),
            ], .ciba)
        guard let identifier = answer["auth_req_id"]?.text, let life = answer["expires_in"]?.number,
            (1...86_400).contains(life)
        else { throw .unavailable(.malformedAnswer(.ciba)) }
        // CIBA §7.3: five seconds when the provider does not say.
        let interval = answer["interval"]?.number ?? 5
        return BackchannelRequest(
            identifier: identifier, expires: now + .seconds(Int64(life)),
            interval: .seconds(Int64(min(max(interval, 1), 60))))
    }

    /// Waits for the person's answer, asking as often as the provider allows (CIBA §10.1, §11).
    ///
    /// - Parameter sleep: how to wait; tests do not.
    /// - Throws: ``SignInFailure``, or `CancellationError` when the software gives up.
    public func tokens(
        for request: BackchannelRequest,
        sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }
    ) async throws -> TokenSet {
        var interval = request.interval
        while true {
            try await sleep(interval)
            guard clock.now() < request.expires else { throw SignInFailure.tooLate }
            do throws(SignInFailure) {
                return try await tokens(
                    [
                        ("grant_type", "urn:openid:params:grant-type:ciba"), ("auth_req_id", request.identifier),
                    ], nonce: nil)
            } catch {
                switch error {
                case .refused("authorization_pending"): break
                case .refused("slow_down"): interval += .seconds(5)
                // A moment without network must not lose what the person is about to grant.
                case .unavailable: interval = min(interval * 2, .seconds(60))
                default: throw error
                }
            }
        }
    }
}
