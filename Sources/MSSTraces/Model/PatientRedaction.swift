import MSSCore

/// What becomes of patients' addresses in traces ("le traitement de l'INS dans le cadre de ces traces…", §6.9.2).
public enum PatientAddressHandling: String, Sendable, Hashable, CaseIterable {
    /// Kept as they are.
    case kept
    /// `usager@patient.mssante.fr` in their place, and every INS in a free text replaced by `usager`.
    case redacted
}

/// Takes patients' identities out of texts (as EX_PSU_5020 does for statistics).
enum PatientRedaction {
    static func redact(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard bytes.count >= 15 else { return text }
        return redactAddresses(redactNumbers(bytes)).map { String(decoding: $0, as: UTF8.self) } ?? text
    }

    private static let replacement = Array("usager".utf8)
    private static let domain = Array("@patient.mssante.fr".utf8)

    /// Every run of fifteen letters and digits that is an INS with a right key. `nil` when nothing changed.
    private static func redactNumbers(_ bytes: [UInt8]) -> (bytes: [UInt8], changed: Bool) {
        var result: [UInt8] = []
        var changed = false
        var index = 0
        while index < bytes.count {
            let start = index
            while index < bytes.count, isAlphanumeric(bytes[index]) { index += 1 }
            let word = bytes[start..<index]
            if word.count == 15, (try? INSMatricule(String(decoding: word, as: UTF8.self))) != nil {
                result += replacement
                changed = true
            } else {
                result += word
            }
            if index < bytes.count {
                result.append(bytes[index])
                index += 1
            }
        }
        return (result, changed)
    }

    /// Every local part before the patients' domain: even a wrong INS is close to a right one.
    private static func redactAddresses(_ input: (bytes: [UInt8], changed: Bool)) -> [UInt8]? {
        var bytes = input.bytes
        var changed = input.changed
        var index = 0
        while let at = bytes[index...].firstIndex(of: 0x40) {
            index = at + 1
            guard at + domain.count <= bytes.count,
                zip(bytes[at...], domain).allSatisfy({ ($0 | (0x41...0x5A ~= $0 ? 0x20 : 0)) == $1 })
            else { continue }
            var start = at
            while start > 0, !isDelimiter(bytes[start - 1]) { start -= 1 }
            bytes.replaceSubrange(start..<at, with: replacement)
            index = start + replacement.count + domain.count
            changed = true
        }
        return changed ? bytes : nil
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        0x30...0x39 ~= byte || 0x41...0x5A ~= byte || 0x61...0x7A ~= byte
    }

    private static func isDelimiter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x3C, 0x3E, 0x22, 0x2C, 0x3B, 0x3A, 0x28, 0x29, 0x09: true
        default: false
        }
    }
}

extension TraceEvent {
    /// The event without patients' identities.
    var withoutPatientIdentities: TraceEvent {
        let redact = PatientRedaction.redact
        var event = self
        switch author {
        case .person(let person): event.author = .person(person.mapped(redact))
        case .administrator(let person): event.author = .administrator(person.mapped(redact))
        case .delegate(let person, let principal):
            event.author = .delegate(person.mapped(redact), onBehalfOf: principal.mapped(redact))
        case .application(let name): event.author = .application(redact(name))
        case .peer(let name): event.author = .peer(redact(name))
        case .system(let name): event.author = .system(redact(name))
        case .unauthenticated(let claimed): event.author = .unauthenticated(claimed: claimed.map(redact))
        }
        event.mailbox = mailbox?.withoutPatientIdentity
        event.means = TraceMeans(
            software: redact(means.software), system: means.system.map(redact), channel: means.channel.map(redact),
            address: means.address.map(redact))
        event.request = request.map { TraceText(kept: redact($0.text)) }
        event.reply = reply.map { TraceText(kept: redact($0.text)) }
        if var message {
            message.identifier = redact(message.identifier)
            message.sender = message.sender?.withoutPatientIdentity
            message.recipients = message.recipients.map(\.withoutPatientIdentity)
            message.subject = message.subject.map(redact)
            event.message = message
        }
        event.changes = changes.map {
            TraceChange(redact($0.attribute), before: $0.before.map(redact), after: $0.after.map(redact))
        }
        return event
    }
}

extension TracePerson {
    /// The person with a patient's identity taken out; a patient's name goes with the INS.
    fileprivate func mapped(_ redact: (String) -> String) -> TracePerson {
        let other = redact(identifier)
        return TracePerson(identifier: other, name: other == identifier ? name.map(redact) : nil)
    }
}
