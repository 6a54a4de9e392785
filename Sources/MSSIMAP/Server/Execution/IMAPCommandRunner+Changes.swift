extension IMAPCommandRunner {
    func store(_ request: IMAPStoreRequest) async throws -> IMAPOutcome {
        let selected = try writableMailbox()
        if request.unchangedSince != nil { isCondstore = true }
        let wanted = try uids(of: request.messages, byUID: request.byUID)
        let outcome = try await account.setFlags(
            request.change, request.flags, of: wanted, in: selected.id, unchangedSince: request.unchangedSince)
        self.selected?.note(outcome.messages)
        for message in outcome.messages {
            guard let number = selected.number(of: message.uid) else { continue }
            if !request.isSilent {
                try await tellFlags(of: message, number, withUID: request.byUID || isQResync)
            } else if isCondstore {
                // RFC 7162 §3.1.3: the new number is told in any case.
                let uid = request.byUID || isQResync ? "UID \(message.uid) " : ""
                try await put("* \(number) FETCH (\(uid)MODSEQ (\(message.changeNumber)))\r\n")
            }
        }
        if !outcome.conflicts.isEmpty {
            let numbers =
                request.byUID ? outcome.conflicts : outcome.conflicts.compactMap { selected.number(of: $0) }
            let code = IMAPResponseCode("MODIFIED", NumberRanges(numbers).wire)
            return IMAPOutcome(.ok, code, "Some were changed by another client")
        }
        guard outcome.messages.count == wanted.count else {
            return IMAPOutcome(.no, .expungeIssued, "Some of the messages no longer exist")
        }
        return IMAPOutcome("Completed")
    }

    func expunge(_ set: IMAPSequenceSet?) async throws -> IMAPOutcome {
        let selected = try writableMailbox()
        let wanted = try set.map { try uids(of: $0, byUID: true) }
        _ = try await account.expunge(wanted, in: selected.id)
        _ = try await news(after: .expunge(set))
        // RFC 7162 §3.2.7
        let code = isCondstore ? self.selected.map { IMAPResponseCode("HIGHESTMODSEQ", "\($0.changeNumber)") } : nil
        return IMAPOutcome(.ok, code, "Completed")
    }

    func copy(_ request: IMAPCopyRequest) async throws -> IMAPOutcome {
        let selected = request.moves ? try writableMailbox() : try selectedMailbox()
        let target = try await mailbox(request.mailbox, IMAPRefusal(.tryCreate, "No such mailbox"))
        let wanted = try uids(of: request.messages, byUID: request.byUID)
        guard !wanted.isEmpty else { return IMAPOutcome("No message") }
        if request.moves, target.id == selected.id { throw IMAPRefusal(.cannot, "The messages are there already") }
        let copied = try await account.copy(wanted, from: selected.id, to: target.id, moves: request.moves)
        guard !copied.sources.isEmpty else {
            return IMAPOutcome(.no, .expungeIssued, "The messages no longer exist")
        }
        // RFC 4315 §3: the sets stand in the same order.
        let code = IMAPResponseCode(
            "COPYUID",
            "\(copied.validity) \(NumberRanges(copied.sources).wire) \(NumberRanges(copied.copies).wire)")
        guard request.moves else { return IMAPOutcome(.ok, code, "Completed") }
        // RFC 6851 §4.3: told before the messages go.
        try await put(IMAPStatusResponse(.ok, code, "Moved").wire)
        try await tellExpunged(self.selected!.remove(copied.sources))
        return IMAPOutcome("Completed")
    }
}
