import MSSAccounts
import MSSCore
import MSSMessage

/// The header of a submitted message made fit to leave (RFC 6409 §8): a pure function.
enum SubmissionHead {
    /// Whether the author that the message shows is the mailbox that sends it: every address of `From`, and of `Sender`
    /// where there is one.
    static func isAuthoredBy(_ sender: DirectoryMailAddress, _ header: HeaderBlock) -> Bool {
        let from = header.all("From")
        let shown =
            from.flatMap { $0.addresses().mailboxes } + header.all("Sender").flatMap { $0.addresses().mailboxes }
        // RFC 5322 §3.6: one From; a second one is what another reader would show.
        guard from.count == 1, !shown.isEmpty else { return false }
        return shown.allSatisfy { mailbox in
            guard let address = mailbox.mailAddress, let known = try? DirectoryMailAddress(address) else {
                return false
            }
            return known == sender
        }
    }

    /// The header to send: stamped, `Bcc` removed, `Date` and `Message-ID` added where they lack.
    static func completed(
        _ bytes: [UInt8], _ header: HeaderBlock, stamp: String, id: String, host: Domain, date: MessageDate
    ) -> [UInt8] {
        var result = Array(stamp.utf8)
        if header.first("Date") == nil { result += Array("Date: \(date.rfc5322)\r\n".utf8) }
        if header.first("Message-ID") == nil { result += Array("Message-ID: <\(id)@\(host)>\r\n".utf8) }
        var position = 0
        // RFC 5322 §3.6.3: whom the sender hides stays hidden. Return-Path is for the final server to write.
        let removed = ["Bcc", "Resent-Bcc", "Return-Path", SentCopy.field].flatMap { header.all($0) }
            .sorted { $0.range.lowerBound < $1.range.lowerBound }
        for field in removed {
            result += bytes[position..<field.range.lowerBound]
            // The line end after the value goes too.
            position = field.range.upperBound
            if position < bytes.count, bytes[position] == 13 { position += 1 }
            if position < bytes.count, bytes[position] == 10 { position += 1 }
        }
        result += bytes[position...]
        return result
    }
}
