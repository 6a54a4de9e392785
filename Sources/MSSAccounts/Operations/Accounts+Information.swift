import MSSCore

extension Accounts {
    /// Tells holders of the accesses that were opened, and users of what holds when they first use a mailbox, oldest
    /// first. A person who cannot be reached holds up nobody else and is tried again the next time.
    ///
    /// - Returns: how many were told, and how many wait.
    @discardableResult
    public func deliverInformation() async throws -> (told: Int, waiting: Int) {
        try await informationTurn.run { try await tellThoseWhoWait() }
    }

    /// An information with those it names.
    private struct Pending {
        var information: AccessInformation
        var recipient: Person?
        var newcomer: Person?
        var opener: Person?
        var isFirstUseOver = false

        init(_ information: AccessInformation, _ reader: any AccountReader) throws {
            self.information = information
            recipient = try reader.person(information.recipient)
            newcomer = try reader.person(information.newcomer)
            opener = try information.opener.flatMap { try reader.person($0) }
            if information.role == .user { isFirstUseOver = try reader.mailbox(information.mailbox)?.exists != true }
        }

        func notice(_ firstUse: FirstUseInformation?) -> AccessNotice? {
            guard let recipient, let newcomer else { return nil }
            guard information.role == .user else {
                return AccessNotice(information, newcomer: newcomer, opener: opener)
            }
            return firstUse.map { AccessNotice(information, to: recipient, $0) }
        }
    }

    private func tellThoseWhoWait() async throws -> (told: Int, waiting: Int) {
        var (told, waiting, last) = (0, 0, Int64(0))
        while true {
            let after = last
            let pending = try await repository.read { reader in
                try reader.pendingInformation(after: after, limit: 500).map { try Pending($0, reader) }
            }
            guard let end = pending.last?.information.number else { return (told, waiting) }
            last = end
            for one in pending {
                let number = one.information.number
                if one.isFirstUseOver {
                    try await repository.write { try $0.removeInformation(number) }
                } else if await tell(one) {
                    let (facts, now) = (firstUse, clock.now())
                    try await repository.write { writer in
                        try writer.removeInformation(number)
                        if one.information.role == .user { try writer.append(one.information.change(facts, at: now)) }
                    }
                    told += 1
                } else {
                    waiting += 1
                }
            }
        }
    }

    /// - Returns: whether a channel took it.
    private func tell(_ one: Pending) async -> Bool {
        guard let informer, let recipient = one.recipient, let notice = one.notice(firstUse) else { return false }
        do {
            try await informer.inform(recipient, notice, key: "acces-\(one.information.number)")
            return true
        } catch { return false }
    }
}

extension AccessInformation {
    /// The trace of a person's having been told (EX_GDT_5020).
    fileprivate func change(_ facts: FirstUseInformation?, at time: Timestamp) -> AccountChange {
        AccountChange(
            at: time, actor: Actor.system.text, operation: "tellFirstUse", mailbox: mailbox, address: address,
            person: recipient,
            fields: (facts?.terms).map { [AccountChange.Field("terms", before: nil, after: $0.version)] } ?? [])
    }
}
