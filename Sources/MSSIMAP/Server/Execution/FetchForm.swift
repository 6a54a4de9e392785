import NIOCore

/// What the responses of one `FETCH` hold: made once for all its messages.
struct FetchForm {
    /// An item with what its responses begin with.
    struct Item {
        var item: IMAPFetchItem
        var name: String
        /// The names of header fields that it asks for, in capitals.
        var fields: [[UInt8]] = []
    }

    var items: [Item]
    var needs: IMAPFetchNeeds
    var tellsFlags: Bool
    var tellsChangeNumber: Bool

    init(_ items: [IMAPFetchItem]) {
        self.items = items.map { item in
            guard case .section(let section, _, _) = item, case .fields(let names, _) = section.content else {
                return Item(item: item, name: item.responseName)
            }
            return Item(item: item, name: item.responseName, fields: names.map(RawHeaderField.name))
        }
        needs = IMAPFetchNeeds(items)
        tellsFlags = items.contains(.flags)
        tellsChangeNumber = items.contains(.modSeq)
    }

    /// Writes items, from one of them on, as long as they are known without reading the message; the first that is not.
    func write(_ fetched: IMAPFetched, from first: Int, isRev2: Bool, to buffer: inout ByteBuffer) -> Int {
        for index in first..<items.count {
            let space = index > 0 ? buffer.writeString(" ") : 0
            guard items[index].write(fetched, isRev2: isRev2, to: &buffer) else {
                buffer.moveWriterIndex(to: buffer.writerIndex - space)
                return index
            }
        }
        return items.count
    }
}

extension FetchForm.Item {
    /// Writes what is known without reading the message; `false` for the rest.
    fileprivate func write(_ fetched: IMAPFetched, isRev2: Bool, to buffer: inout ByteBuffer) -> Bool {
        let message = fetched.message
        switch item {
        case .uid: buffer.write("UID ", message.uid)
        case .flags: buffer.writeFlags(of: message)
        case .internalDate: buffer.writeString("INTERNALDATE \"\(IMAPDates.dateTime(message.received))\"")
        case .size: buffer.write("RFC822.SIZE ", message.size)
        case .modSeq: buffer.write("MODSEQ (", message.changeNumber, ")")
        case .envelope:
            guard let structure = fetched.summary?.structure else { return false }
            buffer.writeString("ENVELOPE ")
            buffer.writeBytes(structure.envelope)
        case .bodyStructure(extended: true):
            guard let structure = fetched.summary?.structure else { return false }
            buffer.writeString("BODYSTRUCTURE ")
            buffer.writeBytes(structure.body(rev2: isRev2))
        case .section(let section, partial: nil, _) where section.part.isEmpty:
            guard let header = fetched.summary?.header, case .fields(_, let isNot) = section.content else {
                return false
            }
            let octets = RawHeaderField.fields(fields, isNot: isNot, of: header)
            buffer.writeString(name)
            buffer.write(" {", octets.count, "}\r\n")
            buffer.writeBytes(octets)
        default: return false
        }
        return true
    }
}

extension ByteBuffer {
    /// Writes a number between two texts.
    mutating func write(_ before: String, _ number: some BinaryInteger, _ after: String = "") {
        writeString(before)
        writeString(String(number))
        writeString(after)
    }

    /// Writes `FLAGS` of a message.
    mutating func writeFlags(of message: IMAPMessage) {
        writeString("FLAGS (")
        var isFirst = true
        for flag in message.flags {
            if !isFirst { writeString(" ") }
            isFirst = false
            writeString(flag.name)
        }
        writeString(")")
    }
}
