public import MSSCore

/// Posts each notice as JSON to another system of the operator.
public struct WebhookNotificationChannel: NotificationChannel {
    private let transport: any HTTPTransport
    private let url: String
    private let headers: [HTTPField]

    /// A channel to a URL.
    ///
    /// - Parameter headers: what identifies this system to the other one.
    public init(transport: any HTTPTransport, url: String, headers: [HTTPField] = []) {
        self.transport = transport
        self.url = url
        self.headers = headers
    }

    /// Posts the notice; any status from 200 to 299 takes it.
    public func deliver(_ notice: OutOfBandNotice, to contact: ContactPoint, key: String) async throws {
        let fields = [HTTPField("Content-Type", "application/json"), HTTPField("Idempotency-Key", key)]
        let response = try await transport.send(
            HTTPRequest(
                .post, url: url, headers: headers + fields, body: NoticeJSON.encode(notice, to: contact, key: key)))
        guard (200...299).contains(response.status) else { throw NotificationFailure.refused(status: response.status) }
    }
}
