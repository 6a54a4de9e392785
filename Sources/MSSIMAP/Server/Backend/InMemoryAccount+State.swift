import MSSCore
import NIOCore

extension InMemoryAccount.State {
    func index(_ name: IMAPMailboxName) -> Int? { folders.firstIndex { $0.mailbox.name == name } }

    func index(_ id: IMAPMailboxID) throws -> Int {
        guard let index = folders.firstIndex(where: { $0.mailbox.id == id }) else { throw IMAPRefusal.noMailbox }
        return index
    }

    @discardableResult
    mutating func add(_ name: IMAPMailboxName, _ use: IMAPSpecialUse?) -> Int {
        lastID += 1
        changeNumber += 1
        folders.append(
            InMemoryAccount.Folder(
                mailbox: IMAPMailbox(
                    id: IMAPMailboxID(lastID), name: name, use: use, validity: UInt32(lastID), nextUID: 1,
                    changeNumber: changeNumber, messages: 0, unseen: 0, octets: 0)))
        return folders.count - 1
    }

    private mutating func count(_ index: Int) {
        changeNumber += 1
        folders[index].mailbox.changeNumber = changeNumber
        let messages = folders[index].messages
        folders[index].mailbox.messages = messages.count
        folders[index].mailbox.unseen = messages.count { !$0.message.flags.contains(.seen) }
        folders[index].mailbox.octets = messages.reduce(0) { $0 + Int64($1.message.size) }
    }

    mutating func store(_ octets: ByteBuffer, _ item: IMAPAppendItem, in index: Int, _ now: Timestamp) -> UInt32 {
        let uid = folders[index].mailbox.nextUID
        folders[index].mailbox.nextUID += 1
        folders[index].messages.append(
            InMemoryAccount.Stored(
                message: IMAPMessage(
                    uid: uid, size: octets.readableBytes, received: item.date ?? now, flags: item.flags,
                    changeNumber: changeNumber + 1), octets: octets))
        count(index)
        return uid
    }

    mutating func setFlags(
        _ change: IMAPStoreRequest.Change, _ flags: [IMAPFlag], _ uids: Set<UInt32>, _ index: Int, _ unchanged: Int64?
    ) -> IMAPFlagOutcome {
        var outcome = IMAPFlagOutcome(messages: [])
        for place in folders[index].messages.indices {
            var message = folders[index].messages[place].message
            guard uids.contains(message.uid) else { continue }
            if let unchanged, message.changeNumber > unchanged {
                outcome.conflicts.append(message.uid)
                continue
            }
            let before = message.flags
            switch change {
            case .replace: message.flags = flags
            case .add: message.flags += flags.filter { !before.contains($0) }
            case .remove: message.flags.removeAll { flags.contains($0) }
            }
            if Set(before) != Set(message.flags) { message.changeNumber = changeNumber + 1 }
            folders[index].messages[place].message = message
            outcome.messages.append(message)
        }
        count(index)
        return outcome
    }

    mutating func remove(_ uids: [UInt32], _ index: Int) {
        guard !uids.isEmpty else { return }
        let gone = Set(uids)
        folders[index].messages.removeAll { gone.contains($0.message.uid) }
        folders[index].vanished += uids.map { ($0, changeNumber + 1) }
        count(index)
    }

    @discardableResult
    mutating func transfer(_ uids: [UInt32], _ source: Int, _ target: Int, moves: Bool) -> IMAPCopied {
        var copied = IMAPCopied(validity: folders[target].mailbox.validity, sources: [], copies: [])
        let wanted = Set(uids)
        for stored in folders[source].messages where wanted.contains(stored.message.uid) {
            copied.sources.append(stored.message.uid)
            let item = IMAPAppendItem(flags: stored.message.flags, date: stored.message.received)
            copied.copies.append(store(stored.octets, item, in: target, stored.message.received))
        }
        if moves { remove(copied.sources, source) }
        return copied
    }
}

struct InMemoryContent: IMAPMessageContent {
    let octets: ByteBuffer
    var size: Int { octets.readableBytes }
    func octets(_ range: Range<Int>) async throws -> ByteBuffer {
        octets.getSlice(at: octets.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}

final class InMemoryDraft: IMAPMessageDraft {
    private let held = Guarded(ByteBuffer())
    var octets: ByteBuffer { held.withLock { $0 } }
    func add(_ piece: ByteBuffer) async throws { held.withLock { _ = $0.writeImmutableBuffer(piece) } }
    func discard() async { held.withLock { $0 = ByteBuffer() } }
}
