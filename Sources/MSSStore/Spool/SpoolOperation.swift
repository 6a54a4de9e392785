import MSSCore
import MSSSMTP

/// Where a piece of a message lies.
struct ChunkPlace: Sendable, Hashable {
    var segment: UInt32
    var offset: UInt32
    /// Bytes of the piece.
    var count: UInt32
}

/// A message's octets: pieces in order.
struct StoredContent: Sendable, Hashable {
    var size = 0
    var chunks: [ChunkPlace] = []
}

/// The recipients of one domain that still wait; without recipients, none does.
struct StoredShare: Sendable, Hashable {
    var destination: String
    var due: Timestamp
    var attempts: UInt32 = 0
    var delayWasNotified = false
    /// Places in the envelope; `nil` for all of the domain.
    var recipients: [UInt32]?
    /// Why the last attempt failed.
    var reason: String?

    var isDone: Bool { recipients?.isEmpty ?? false }
}

/// A message as a transaction holds it.
struct StoredMessage: Sendable, Hashable {
    var number: UInt64
    var name: String
    var arrival: Timestamp
    var isHeld = false
    var mendsLineEnds = false
    /// ``EnvelopeCoding``.
    var envelope: [UInt8]
    var content: StoredContent
    var sevenBit: StoredContent?
    var shares: [StoredShare]
}

/// One change of the spool.
enum SpoolOperation: Sendable, Hashable {
    /// A new message.
    case add(StoredMessage)
    /// The message moved out of the segment in which it was added or moved to before.
    case move(StoredMessage, from: UInt32)
    /// A share has changed.
    case share(UInt64, index: Int, StoredShare)
    /// The message has ended; it was added or last moved in the segment `commit`.
    case gone(UInt64, commit: UInt32)
    case hold(UInt64, Bool)
    /// A segment holds nothing that counts any more.
    case freed(UInt32)
    /// Messages that were added or moved in a segment, and ended or moved since.
    case buried(segment: UInt32, [UInt64])
}

extension SpoolOperation {
    var isMove: Bool { if case .move = self { true } else { false } }

    static func encode(_ operations: [SpoolOperation]) -> [UInt8] {
        var writer = ByteWriter()
        writer.integer(UInt32(operations.count))
        for operation in operations {
            switch operation {
            case .add(let message):
                writer.integer(UInt8(1))
                writer.message(message)
            case .move(let message, let from):
                writer.integer(UInt8(2))
                writer.message(message)
                writer.integer(from)
            case .share(let number, let index, let share):
                writer.integer(UInt8(3))
                writer.integer(number)
                writer.integer(UInt32(index))
                writer.share(share)
            case .gone(let number, let commit):
                writer.integer(UInt8(4))
                writer.integer(number)
                writer.integer(commit)
            case .hold(let number, let isHeld):
                writer.integer(UInt8(5))
                writer.integer(number)
                writer.flag(isHeld)
            case .freed(let segment):
                writer.integer(UInt8(6))
                writer.integer(segment)
            case .buried(let segment, let numbers):
                writer.integer(UInt8(7))
                writer.integer(segment)
                writer.integer(UInt32(numbers.count))
                for number in numbers { writer.integer(number) }
            }
        }
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws(MalformedBytes) -> [SpoolOperation] {
        var reader = ByteReader(bytes)
        var operations: [SpoolOperation] = []
        for _ in 0..<(try reader.count(size: 5)) {
            let operation: SpoolOperation
            switch try reader.integer(UInt8.self) {
            case 1: operation = .add(try reader.message())
            case 2: operation = .move(try reader.message(), from: try reader.integer())
            case 3:
                operation = .share(
                    try reader.integer(), index: Int(try reader.integer(UInt32.self)), try reader.share())
            case 4: operation = .gone(try reader.integer(), commit: try reader.integer())
            case 5: operation = .hold(try reader.integer(), try reader.flag())
            case 6: operation = .freed(try reader.integer())
            case 7:
                let segment = try reader.integer(UInt32.self)
                var numbers: [UInt64] = []
                for _ in 0..<(try reader.count(size: 8)) { numbers.append(try reader.integer()) }
                operation = .buried(segment: segment, numbers)
            default: throw MalformedBytes()
            }
            operations.append(operation)
        }
        guard reader.isAtEnd else { throw MalformedBytes() }
        return operations
    }
}

extension ByteWriter {
    fileprivate mutating func message(_ message: StoredMessage) {
        integer(message.number)
        text(message.name)
        time(message.arrival)
        flag(message.isHeld)
        flag(message.mendsLineEnds)
        blob(message.envelope)
        content(message.content)
        flag(message.sevenBit != nil)
        if let sevenBit = message.sevenBit { content(sevenBit) }
        integer(UInt32(message.shares.count))
        for one in message.shares { share(one) }
    }

    private mutating func content(_ content: StoredContent) {
        integer(UInt64(content.size))
        integer(UInt32(content.chunks.count))
        for chunk in content.chunks {
            integer(chunk.segment)
            integer(chunk.offset)
            integer(chunk.count)
        }
    }

    fileprivate mutating func share(_ share: StoredShare) {
        text(share.destination)
        time(share.due)
        integer(share.attempts)
        flag(share.delayWasNotified)
        flag(share.recipients != nil)
        if let recipients = share.recipients {
            integer(UInt32(recipients.count))
            for recipient in recipients { integer(recipient) }
        }
        optionalText(share.reason)
    }
}

extension ByteReader {
    fileprivate mutating func message() throws(MalformedBytes) -> StoredMessage {
        var message = StoredMessage(
            number: try integer(), name: try text(), arrival: try time(), isHeld: try flag(),
            mendsLineEnds: try flag(), envelope: try blob(), content: try content(), shares: [])
        if try flag() { message.sevenBit = try content() }
        for _ in 0..<(try count(size: 22)) { message.shares.append(try share()) }
        return message
    }

    private mutating func content() throws(MalformedBytes) -> StoredContent {
        guard let size = Int(exactly: try integer(UInt64.self)) else { throw MalformedBytes() }
        var content = StoredContent(size: size)
        let count = try count(size: 12)
        content.chunks.reserveCapacity(count)
        for _ in 0..<count {
            content.chunks.append(
                ChunkPlace(segment: try integer(), offset: try integer(), count: try integer()))
        }
        guard content.chunks.reduce(0, { $0 + Int($1.count) }) == size else { throw MalformedBytes() }
        return content
    }

    fileprivate mutating func share() throws(MalformedBytes) -> StoredShare {
        var share = StoredShare(
            destination: try text(), due: try time(), attempts: try integer(), delayWasNotified: try flag())
        if try flag() {
            var recipients: [UInt32] = []
            for _ in 0..<(try count(size: 4)) { recipients.append(try integer()) }
            share.recipients = recipients
        }
        share.reason = try optionalText()
        return share
    }
}
