import MSSCore
import MSSSMTP
public import NIOCore

extension MailStore {
    /// Writes a folder, or a whole mailbox, as an mbox file (RFC 4155, lines that begin with `From ` quoted as mboxrd
    /// does, so that nothing is lost): for the holder of a mailbox that is suspended or ends.
    ///
    /// - Parameters:
    ///   - folder: one folder; `nil` for all, one after the other.
    ///   - write: takes the file's octets in order; returning late slows the reading down.
    /// - Returns: how many messages were written.
    public func exportMbox(
        _ mailbox: MailboxName, _ folder: MailFolderID? = nil, write: (ByteBuffer) async throws -> Void
    ) async throws -> Int {
        var count = 0
        try await exportMessages(mailbox, folder) { _, message in
            var quoter = MboxQuoter(received: message.received)
            try await write(ByteBuffer(bytes: quoter.start))
            try await content(of: message.uid, in: message.folder).forEachChunk { chunk in
                try await write(ByteBuffer(bytes: quoter.add(chunk.readableBytesView)))
            }
            try await write(ByteBuffer(bytes: quoter.finish()))
            count += 1
        }
        return count
    }

    /// Goes through the messages of a folder, or of a whole mailbox, folder by folder in the order of the UIDs: for an
    /// export of EML files, whose content ``content(of:in:)`` gives as it was delivered.
    public func exportMessages(
        _ mailbox: MailboxName, _ folder: MailFolderID? = nil,
        body: (_ folder: MailFolder, _ message: MailMessage) async throws -> Void
    ) async throws {
        for one in try await folders(of: mailbox) where folder == nil || one.id == folder {
            var next: UInt32 = 1
            while let last = try await {
                let page = try await messages(in: one.id, next...(.max), limit: 256)
                for message in page {
                    do { try await body(one, message) } catch StoreError.unknownMessage {
                        // Expunged meanwhile.
                    }
                }
                return page.last
            }() {
                guard last.uid < .max else { break }
                next = last.uid + 1
            }
        }
    }
}

/// A message as an mbox file has it: LF at the ends of lines, `From ` quoted, an empty line behind. No IO.
struct MboxQuoter {
    let start: [UInt8]
    private var line: [UInt8] = []
    private var isLineStart = true
    private var sawCR = false

    private static let from = Array("From ".utf8)

    init(received: Timestamp) {
        let days = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let time = received.civil
        func two(_ number: Int, _ pad: String) -> String { (number < 10 ? pad : "") + String(number) }
        let date = "\(days[time.weekday.rawValue - 1]) \(months[time.month - 1]) \(two(time.day, " "))"
        let clock = "\(two(time.hour, "0")):\(two(time.minute, "0")):\(two(time.second, "0"))"
        start = Array("From MAILER-DAEMON \(date) \(clock) \(time.year)\n".utf8)
    }

    /// The next octets, quoted. The beginning of a line is kept until it is known not to be `From `.
    mutating func add(_ octets: some Sequence<UInt8>) -> [UInt8] {
        var out: [UInt8] = []
        for octet in octets {
            if sawCR {
                sawCR = false
                if octet != 0x0A { put(0x0D, &out) }
            }
            if octet == 0x0D { sawCR = true } else { put(octet, &out) }
        }
        return out
    }

    private mutating func put(_ octet: UInt8, _ out: inout [UInt8]) {
        guard isLineStart else {
            out.append(octet)
            if octet == 0x0A { isLineStart = true }
            return
        }
        line.append(octet)
        let words = line.drop { $0 == UInt8(ascii: ">") }
        if MboxQuoter.from.starts(with: words), words.count < MboxQuoter.from.count, line.count < 1000 {
            return
        }
        if words.elementsEqual(MboxQuoter.from) { out.append(UInt8(ascii: ">")) }
        out += line
        line = []
        isLineStart = octet == 0x0A
    }

    /// The end of the message.
    mutating func finish() -> [UInt8] {
        var out = line
        if sawCR { out.append(0x0D) }
        if !isLineStart || !out.isEmpty { out.append(0x0A) }
        out.append(0x0A)
        line = []
        return out
    }
}
