import MSSAccounts
import MSSCore
import MSSSMTP
import MSSStore

@testable import MSSOperator

/// The messages of ``PeerServer`` that are in a mailbox, by their names.
struct Arrivals {
    private(set) var counts: [String: Int] = [:]
    /// Messages whose body is not the one that was sent.
    private(set) var damaged: [String] = []

    /// Reads every octet of an inbox.
    init(_ node: OperatorNode, _ local: String) async throws {
        let address = try DirectoryMailAddress("\(local)@\(node.settings.identity.domains[0])")
        guard let mailbox = node.index.mailbox(at: address) else { return }
        let place = MailboxName("\(mailbox.id.rawValue)")
        let folders = try await node.mail.status(place) == nil ? [] : node.mail.folders(of: place)
        guard let inbox = folders.first(where: { $0.use == .inbox }) else { return }
        for message in try await node.mail.messages(in: inbox.id) {
            let content = try await node.mail.content(of: message.uid, in: inbox.id)
            let text = String(decoding: try await content.prefix(1 << 20), as: UTF8.self)
            let subject = text.split(separator: "\r\n").first { $0.hasPrefix("Subject: ") }
            guard let name = subject.map({ String($0.dropFirst("Subject: ".count)) }) else {
                damaged.append(String(text.prefix(200)))
                continue
            }
            counts[name, default: 0] += 1
            if !text.hasSuffix("\r\n\r\n" + PeerServer.body(name)) { damaged.append(name) }
        }
    }

    var names: Set<String> { Set(counts.keys) }
    /// How many there are beyond one of each.
    var extra: Int { counts.values.reduce(0) { $0 + $1 - 1 } }
}
