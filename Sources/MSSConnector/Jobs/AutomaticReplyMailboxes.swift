import MSSAccounts
import MSSCore
import MSSPolicy

/// Sees to it that each domain has its automatic-reply mailbox (EX_GBM_4020).
struct AutomaticReplyMailboxes: Sendable {
    let domains: [Domain]
    let directory: any AccountDirectory
    let accounts: Accounts?
    let holder: (responsible: PersonID, structure: StructureIdentifier?)?
    let events: EventHub

    /// Opens the mailboxes that lack, where somebody is named to answer for them; tells of those that still do.
    func ensure() async throws {
        var isChanged = false
        for domain in domains {
            guard let address = TestMailbox.automaticReplyAddress(of: domain) else { continue }
            if try await directory.mailbox(at: address)?.isAutomaticReply == true { continue }
            do {
                guard let accounts, let holder else { throw AccountOperationError.notFound }
                // What a person may have created under this name is not touched.
                guard try await directory.mailbox(at: address) == nil else { throw AccountStoreError.addressTaken }
                try await accounts.perform(.create(draft(address, holder)), by: .system)
                isChanged = true
            } catch {
                events.send(.noAutomaticReplyMailbox(domain))
            }
        }
        if isChanged { try await directory.refresh() }
    }

    private func draft(
        _ address: DirectoryMailAddress, _ holder: (responsible: PersonID, structure: StructureIdentifier?)
    ) -> MSSAccounts.Mailbox {
        var draft = MSSAccounts.Mailbox(
            id: MailboxID(0), kind: .organization, address: address, responsible: holder.responsible,
            createdAt: Timestamp(seconds: 0))
        draft.structure = holder.structure
        draft.summary = "Test : réponse automatique"
        draft.isTest = true
        draft.isAutomaticReply = true
        return draft
    }
}
