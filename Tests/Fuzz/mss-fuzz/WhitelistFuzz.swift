import MSSCore
import MSSWhitelist

/// A content that was read keeps its counts, and its lookups agree with its entries.
let fuzzWhitelistContent: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let document = Array(UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count))
    guard let content = try? WhitelistContent(unverified: document) else { return 0 }
    precondition(!content.entries.isEmpty && content.entries.count <= content.elementCount)
    let dropped = Set(content.diagnostics.filter(\.dropsEntry).compactMap(\.entry))
    precondition(content.entries.count + dropped.count == content.elementCount)
    let list = WhitelistSnapshot(content)
    precondition(list.entries.count <= content.entries.count)
    for entry in content.entries {
        guard case .allowed(let found) = list.decide(entry.certificateName, for: entry.domain) else {
            fatalError("entry not found")
        }
        precondition(found.domain == entry.domain && found.certificateName == entry.certificateName)
        precondition(list.entries(for: entry.domain).contains { $0.certificateName == entry.certificateName })
        precondition(list.entries(for: entry.certificateName).contains { $0.domain == entry.domain })
    }
    precondition(list.changes(since: list).isEmpty)
    return 0
}

/// A record that was read is written as text that reads back equal.
let fuzzWhitelistRecord: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let text = String(decoding: UnsafeBufferPointer(start: bytes, count: bytes == nil ? 0 : count), as: UTF8.self)
    guard let record = WhitelistRecord(text: text), let again = WhitelistRecord(text: record.text) else { return 0 }
    precondition(WhitelistRecord(text: again.text) == again)
    precondition(again.generated == record.generated && again.domainCount == record.domainCount)
    return 0
}
