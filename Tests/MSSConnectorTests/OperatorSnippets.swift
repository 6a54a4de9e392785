import MSSConnector
import MSSCore
import MSSSMTP
import MSSTraces
import Testing

// snippet: runOperator
func runOperator(_ configuration: OperatorConfiguration, _ services: OperatorServices) async throws {
    let connector = try Operator(configuration, services)
    let events = connector.events.events()
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { for await event in events { print(event) } }
        defer { group.cancelAll() }
        // Until somebody calls connector.stop(), for example on SIGTERM.
        try await connector.run()
    }
}
// end snippet

// snippet: send
func send(_ message: [UInt8], from sender: MailAddress, to recipient: MailAddress, by connector: Operator) async {
    let submission = Submission(
        .administrator(TracePerson(identifier: "admin-7", name: "Anne Bertin")), sender: sender,
        recipients: [OutgoingEnvelope.Recipient(recipient, notify: [.success, .failure])])
    let result = await connector.submission.submit(submission, message)
    if let refusal = result.refusal { print(refusal.explanation) }
    for (recipient, outcome) in result.outcomes { print(recipient, outcome) }
}
// end snippet

@Suite("The article's code")
struct OperatorSnippets {
    @Test("The article's submission is taken and told for each recipient")
    func sending() async throws {
        let (alpha, operation) = try await SubmissionTests.make()
        let sender = alpha.address("exploitation")
        let message = TestOperator.message(from: sender.text, to: ["paul.durand@alpha.mssante.fr"])
        await send(message, from: sender, to: alpha.address("paul.durand"), by: operation)
        #expect(await alpha.queue.count == 1)
    }
}
