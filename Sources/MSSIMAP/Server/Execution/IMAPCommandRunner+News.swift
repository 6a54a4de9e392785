extension IMAPCommandRunner {
    /// Tells what changed in the selected mailbox, at the end of a command, where its kind allows it. A mailbox that
    /// was deleted meanwhile is no longer selected.
    func news(after command: IMAPCommand?) async throws -> IMAPOutcome.Transition? {
        guard let selected else { return nil }
        // RFC 9051 §7.5.1: message numbers do not change while numbers are in use.
        let expunges: Bool
        switch command {
        case .fetch(let request): expunges = request.byUID
        case .store(let request): expunges = request.byUID
        case .search(let request), .sort(let request, _), .thread(let request, _): expunges = request.byUID
        case .select, .close, .unselect, .enable: return nil
        default: expunges = true
        }
        let pulse = await account.pulse()
        if let pulse, pulse == pulses.changes, !expunges || pulse == pulses.vanished {
            self.selected?.told = [:]
            return nil
        }
        let changes: IMAPMailboxChanges
        do {
            changes = try await account.changes(
                in: selected.id, since: selected.changeNumber,
                vanishedSince: expunges ? selected.vanishedNumber : .max)
        } catch let refusal as IMAPRefusal where refusal == .noMailbox {
            self.selected = nil
            saved = NumberRanges()
            try await put(IMAPStatusResponse(.ok, .closed, "The mailbox was deleted").wire)
            return .unselected
        }
        try await tell(self.selected!.apply(changes, expunges: expunges))
        pulses.changes = pulse
        if expunges { pulses.vanished = pulse }
        return nil
    }

    private func tell(_ news: SelectedMailbox.News) async throws {
        try await tellExpunged(news.expunged)
        if let exists = news.exists { try await put("* \(exists) EXISTS\r\n") }
        if news.hasNewKeywords { try await tellFlags() }
        for (number, message) in news.changed { try await tellFlags(of: message, number, withUID: isQResync || isRev2) }
    }

    /// `EXPUNGE`, from the last so that few numbers change; or `VANISHED` (RFC 7162 §3.2.10.2).
    func tellExpunged(_ expunged: [(number: UInt32, uid: UInt32)]) async throws {
        guard !expunged.isEmpty else { return }
        if isQResync {
            return try await put("* VANISHED \(NumberRanges(expunged.map(\.uid)).wire)\r\n")
        }
        for (number, _) in expunged { try await put("* \(number) EXPUNGE\r\n") }
    }

    /// The flags that messages have here, and those that they may be given.
    func tellFlags() async throws {
        guard let selected else { return }
        let keywords = selected.keywords.map(\.name).sorted()
        let all = (IMAPFlag.system.map(\.name) + keywords).joined(separator: " ")
        try await put("* FLAGS (\(all))\r\n")
        let permanent = selected.isReadOnly ? "()" : "(\(all) \\*)"
        try await put("* OK [PERMANENTFLAGS \(permanent)] Flags that are kept\r\n")
    }

    func tellFlags(of message: IMAPMessage, _ number: UInt32, withUID: Bool) async throws {
        var items = "FLAGS (\(message.flags.map(\.name).joined(separator: " ")))"
        if withUID { items = "UID \(message.uid) " + items }
        if isCondstore { items += " MODSEQ (\(message.changeNumber))" }
        try await put("* \(number) FETCH (\(items))\r\n")
    }

    // MARK: IDLE

    /// Tells what changes until it is cancelled.
    func idle() async throws -> IMAPOutcome {
        // Begun before the first look, so that nothing between both is missed.
        let notifications = account.notifications()
        try await lookApart()
        for await _ in notifications {
            try Task.checkCancellation()
            try await lookApart()
        }
        // The end of the notifications without a cancellation is the end of the store.
        if !Task.isCancelled { throw IMAPRefusal.unavailable("The mailbox cannot be watched any longer") }
        return IMAPOutcome("IDLE completed")
    }

    /// Looks in a task of its own: a task keeps the memory of the deepest call that it ever made, and thousands wait here.
    private func lookApart() async throws {
        try await Task(executorPreference: IMAPCommandThreads.shared) { try await self.look() }.value
    }

    private func look() async throws {
        // A client that idles is told of a deleted mailbox by the end of its session: it can do nothing else there.
        if try await news(after: .idle) != nil {
            try await flush()
            throw IMAPRefusal(.nonExistent, "The mailbox was deleted")
        }
        try await flush()
    }
}
