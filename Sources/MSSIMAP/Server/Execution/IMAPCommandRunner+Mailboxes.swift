import NIOCore

extension IMAPCommandRunner {
    // MARK: Selecting

    func select(_ selection: IMAPSelection) async throws -> IMAPOutcome {
        if selected != nil {
            selected = nil
            saved = NumberRanges()
            try await put(IMAPStatusResponse(.ok, .closed, "The mailbox selected before is closed").wire)
        }
        // RFC 7162 §3.2.5: only after ENABLE QRESYNC.
        if selection.known != nil, !isQResync { return IMAPOutcome(.bad, nil, "ENABLE QRESYNC first") }
        let pulse = await account.pulse()
        let overview: IMAPMailboxOverview
        do {
            overview = try await account.overview(of: try await mailbox(selection.mailbox).id)
        } catch let refusal as IMAPRefusal { return IMAPOutcome(refusal, transition: .unselected) }
        guard overview.uids.count <= limits.messages else {
            return IMAPOutcome(IMAPRefusal(.limit, "Too many messages"), transition: .unselected)
        }
        if selection.condstore { isCondstore = true }
        let present = overview.mailbox
        let selected = SelectedMailbox(overview, isReadOnly: selection.isReadOnly)
        self.selected = selected
        pulses = (pulse, pulse)
        try await tellFlags()
        try await put("* \(overview.uids.count) EXISTS\r\n")
        if !isRev2 {
            try await put("* 0 RECENT\r\n")
            if let unseen = overview.firstUnseen {
                try await put("* OK [UNSEEN \(unseen)] First unseen message\r\n")
            }
        } else {
            try await put("* LIST () \"/\" \(wire(present.name))\r\n")  // RFC 9051 §6.3.2
        }
        try await put("* OK [UIDVALIDITY \(present.validity)] UIDs are valid\r\n")
        try await put("* OK [UIDNEXT \(present.nextUID)] Next UID\r\n")
        try await put("* OK [HIGHESTMODSEQ \(present.changeNumber)] Highest\r\n")
        if let known = selection.known, known.validity == present.validity {
            try await resynchronise(known, selected, largest: present.nextUID - 1)
        }
        let code = IMAPResponseCode(selection.isReadOnly ? "READ-ONLY" : "READ-WRITE")
        return IMAPOutcome(.ok, code, "Completed", transition: .selected)
    }

    /// What changed since the client last looked (RFC 7162 §3.2.5). What changes at this moment is told here or with the
    /// next command, in the numbers of the mailbox as it was shown.
    private func resynchronise(
        _ known: IMAPSelection.Known, _ selected: SelectedMailbox, largest: UInt32
    ) async throws {
        let wanted = known.uids?.resolved(largest: largest)
        let since = try await account.changes(
            in: selected.id, since: known.changeNumber, vanishedSince: known.changeNumber)
        let gone = since.vanished.filter { wanted?.contains($0) ?? true && selected.number(of: $0) == nil }
        if !gone.isEmpty { try await put("* VANISHED (EARLIER) \(NumberRanges(gone).wire)\r\n") }
        for message in since.messages where wanted?.contains(message.uid) ?? true {
            guard let number = selected.number(of: message.uid) else { continue }
            try await tellFlags(of: message, number, withUID: true)
        }
    }

    func close(expunges: Bool) async throws -> IMAPOutcome {
        let selected = try selectedMailbox()
        self.selected = nil
        saved = NumberRanges()
        // RFC 9051 §6.4.1: nothing is told of what went.
        if expunges, !selected.isReadOnly { _ = try await account.expunge(nil, in: selected.id) }
        return IMAPOutcome(.ok, nil, "Completed", transition: .unselected)
    }

    // MARK: Making, renaming, deleting

    func create(_ name: IMAPMailboxName, _ uses: [String]) async throws -> IMAPOutcome {
        guard name != .inbox else { throw IMAPRefusal.mailboxExists }
        guard name.isCreatable else { throw IMAPRefusal(.cannot, "A mailbox cannot have this name") }
        var use: IMAPSpecialUse?
        if let wanted = uses.first {
            // One use for each mailbox, and one mailbox for each use (RFC 6154 §3 leaves it to the server).
            use = IMAPSpecialUse.allCases.first { $0.rawValue.lowercased() == wanted.lowercased() }
            let present = try await account.mailboxes()
            guard uses.count == 1, let use, !present.contains(where: { $0.use == use }) else {
                throw IMAPRefusal(.useAttribute, "Another mailbox has this use, or none can")
            }
        }
        try await account.create(name, use: use)
        return IMAPOutcome("Completed")
    }

    func delete(_ name: IMAPMailboxName) async throws -> IMAPOutcome {
        guard name != .inbox else { throw IMAPRefusal(.cannot, "INBOX stays") }
        let found = try await mailbox(name)
        try await account.delete(found.id)
        return IMAPOutcome("Completed")
    }

    func rename(_ old: IMAPMailboxName, _ new: IMAPMailboxName) async throws -> IMAPOutcome {
        guard new != .inbox else { throw IMAPRefusal.mailboxExists }
        guard new.isCreatable else { throw IMAPRefusal(.cannot, "A mailbox cannot have this name") }
        let found = try await mailbox(old)
        try await account.rename(found.id, to: new)
        return IMAPOutcome("Completed")
    }

    // MARK: Listing

    func list(_ request: IMAPListRequest) async throws -> IMAPOutcome {
        let verb = request.isLSUB ? "LSUB" : "LIST"
        if request.patterns == [""], !request.isExtended {
            // RFC 9051 §6.3.9: the separator alone is asked for.
            try await put("* \(verb) (\\Noselect) \"/\" \"\"\r\n")
            return IMAPOutcome("Completed")
        }
        let all = try await account.mailboxes().sorted { $0.name < $1.name }
        let patterns = request.patterns.map { IMAPListPattern(request.reference + $0) }
        var missing: Set<IMAPMailboxName> = []
        for mailbox in all where patterns.contains(where: { $0.matches(mailbox.name) }) {
            let isWanted =
                (!(request.isLSUB || request.selection.contains(.subscribed)) || mailbox.isSubscribed)
                && (!request.selection.contains(.specialUse) || mailbox.use != nil)
            let matchesBelow =
                request.selection.contains(.recursiveMatch)
                && all.contains { $0.isSubscribed && $0.name.text.hasPrefix(mailbox.name.text + "/") }
            guard isWanted || matchesBelow else { continue }
            try await tell(mailbox, verb, request, all, childInfo: matchesBelow)
            if !request.status.isEmpty { try await tellStatus(mailbox, request.status) }
        }
        // Levels that are no mailboxes themselves (RFC 9051 §6.3.9.5).
        for mailbox in all where !request.selection.contains(.specialUse) {
            guard mailbox.isSubscribed || !(request.isLSUB || request.selection.contains(.subscribed)) else { continue }
            var above = mailbox.name.parent
            while let name = above, !all.contains(where: { $0.name == name }), missing.insert(name).inserted {
                if patterns.contains(where: { $0.matches(name) }), !request.selection.contains(.subscribed) {
                    let attributes = request.isLSUB ? "\\Noselect" : "\\NonExistent \\Noselect \\HasChildren"
                    try await put("* \(verb) (\(attributes)) \"/\" \(wire(name))\r\n")
                }
                above = name.parent
            }
        }
        return IMAPOutcome("Completed")
    }

    private func tell(
        _ mailbox: IMAPMailbox, _ verb: String, _ request: IMAPListRequest, _ all: [IMAPMailbox], childInfo: Bool
    ) async throws {
        var attributes: [String] = []
        if !request.isLSUB {
            let hasChildren = all.contains { $0.name.text.hasPrefix(mailbox.name.text + "/") }
            attributes.append(hasChildren ? "\\HasChildren" : "\\HasNoChildren")
            if let use = mailbox.use { attributes.append(use.rawValue) }
            let tellsSubscription = request.returns.contains(.subscribed) || request.selection.contains(.subscribed)
            if tellsSubscription, mailbox.isSubscribed { attributes.append("\\Subscribed") }
        }
        let extended = childInfo ? " (\"CHILDINFO\" (\"SUBSCRIBED\"))" : ""
        try await put(
            "* \(verb) (\(attributes.joined(separator: " "))) \"/\" \(wire(mailbox.name))\(extended)\r\n")
    }

    /// A name as this client reads it.
    func wire(_ name: IMAPMailboxName) -> String {
        let text = name.wire(utf8: isRev2)
        // RFC 9051 §9: quoted strings hold UTF-8.
        return isRev2 && !IMAPText.isQuotable(text.utf8) ? IMAPText.quoted(text) : IMAPText.astring(text)
    }

    // MARK: Status and quota

    func status(_ name: IMAPMailboxName, _ items: [IMAPStatusItem]) async throws -> IMAPOutcome {
        if items.contains(.highestModSeq) { isCondstore = true }  // RFC 7162 §3.1
        try await tellStatus(try await mailbox(name), items)
        return IMAPOutcome("Completed")
    }

    private func tellStatus(_ mailbox: IMAPMailbox, _ items: [IMAPStatusItem]) async throws {
        var values: [String] = []
        for item in items {
            let value: Int64 =
                switch item {
                case .messages: Int64(mailbox.messages)
                case .recent: 0
                case .uidNext: Int64(mailbox.nextUID)
                case .uidValidity: Int64(mailbox.validity)
                case .unseen: Int64(mailbox.unseen)
                case .size: mailbox.octets
                case .highestModSeq: mailbox.changeNumber
                case .appendLimit: Int64(limits.appendSize)
                case .deleted:
                    Int64(
                        try await account.changes(in: mailbox.id, since: 0, vanishedSince: .max).messages
                            .count { $0.flags.contains(.deleted) })
                }
            values.append("\(item.rawValue) \(value)")
        }
        try await put("* STATUS \(wire(mailbox.name)) (\(values.joined(separator: " ")))\r\n")
    }

    /// RFC 9208: one root, the account; resources in units of 1,024 octets.
    func quota(_ root: String) async throws -> IMAPOutcome {
        guard root.isEmpty else { throw IMAPRefusal(.nonExistent, "No such quota root") }
        try await tellQuota()
        return IMAPOutcome("Completed")
    }

    func quotaRoot(_ name: IMAPMailboxName) async throws -> IMAPOutcome {
        let found = try await mailbox(name)
        try await put("* QUOTAROOT \(wire(found.name)) \"\"\r\n")
        try await tellQuota()
        return IMAPOutcome("Completed")
    }

    private func tellQuota() async throws {
        let resources = try await account.quota().map { "STORAGE \(($0.used + 1023) / 1024) \($0.limit / 1024)" } ?? ""
        try await put("* QUOTA \"\" (\(resources))\r\n")
    }
}
