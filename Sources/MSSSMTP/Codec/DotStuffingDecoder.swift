import CLineScan
import Glibc
import MSSSASL

/// Takes a message out of `DATA`: removes the dots that the sender added and finds the end (RFC 5321 §4.5.2).
///
/// Only `CRLF.CRLF` ends it; CR and LF on their own begin no line and end none, they are only noted. A value without
/// memory of its own: input may come in pieces of any size.
public struct DotStuffingDecoder: Sendable {
    private enum State {
        case lineStart
        case text
        case carriageReturn
        case dot
        case dotCarriageReturn
        case finished
    }

    private var state = State.lineStart
    private var line = 0

    /// Octets of the longest line so far, without its CRLF.
    public private(set) var longestLine = 0
    /// What was found so far.
    public private(set) var faults: LineFaults = []
    /// Whether the end has come.
    public var isFinished: Bool { state == .finished }

    /// A decoder at the start of the message: a `.` line right there ends an empty one.
    public init() {}

    /// Reads input up to the end of the message.
    ///
    /// - Parameters:
    ///   - emit: called with the pieces of the message, in order.
    /// - Returns: the number of octets that belong to the message and its end: fewer than given only when it has come.
    public mutating func decode(_ input: UnsafeRawBufferPointer, _ emit: (LinePiece) -> Void) -> Int {
        var index = 0
        var kept = 0
        while index < input.count {
            switch state {
            case .text:
                let end = input.offset(of: .carriageReturn, in: index..<input.count)
                if !faults.contains(.bareLineFeed), input.offset(of: .lineFeed, in: index..<end) < end {
                    faults.insert(.bareLineFeed)
                }
                if !faults.contains(.nul), input.offset(of: 0, in: index..<end) < end { faults.insert(.nul) }
                line += end - index
                longestLine = max(longestLine, line)
                index = end
                guard index < input.count else { break }
                index += 1
                state = .carriageReturn
            case .carriageReturn:
                if input[index] == .lineFeed {
                    index += 1
                    line = 0
                    state = .lineStart
                } else {
                    faults.insert(.bareCarriageReturn)
                    state = .text
                }
            case .lineStart:
                index = wholeLines(input, from: index)
                guard index < input.count else { break }
                guard input[index] == UInt8(ascii: ".") else {
                    state = .text
                    continue
                }
                if kept < index { emit(.input(kept..<index)) }
                index += 1
                kept = index
                state = .dot
            case .dot:
                // The dot is gone whatever follows; a CR waits for its LF.
                guard input[index] == .carriageReturn else {
                    state = .text
                    continue
                }
                index += 1
                kept = index
                state = .dotCarriageReturn
            case .dotCarriageReturn:
                if input[index] == .lineFeed {
                    index += 1
                    state = .finished
                    return index
                }
                emit(.octet(.carriageReturn))
                state = .carriageReturn
            case .finished:
                return index
            }
        }
        if kept < index { emit(.input(kept..<index)) }
        return index
    }

    /// Decodes octets at hand; what follows the end is returned apart.
    public mutating func decode(_ input: [UInt8]) -> (message: [UInt8], rest: [UInt8]) {
        var message: [UInt8] = []
        let count = input.withUnsafeBytes { bytes in
            decode(bytes) { piece in
                switch piece {
                case .input(let range): message.append(contentsOf: bytes[range])
                case .octet(let octet): message.append(octet)
                }
            }
        }
        return (message, Array(input[count...]))
    }

    /// Passes the lines that are whole, without fault and without dot at their start: nearly all.
    private mutating func wholeLines(_ input: UnsafeRawBufferPointer, from start: Int) -> Int {
        guard start < input.count else { return start }
        var longest = longestLine
        // Most of a large message, where the processor can; what follows, and all elsewhere, line by line.
        var begin = start + mss_whole_lines(input.baseAddress! + start, input.count - start, &longest)
        var index = begin
        while begin < input.count, input[begin] != UInt8(ascii: ".") {
            index = input.offsetOfControl(from: index)
            guard index + 1 < input.count else { break }
            switch input[index] {
            case .carriageReturn where input[index + 1] == .lineFeed:
                longest = max(longest, index - begin)
                index += 2
                begin = index
                continue
            case .carriageReturn, .lineFeed, 0: break
            default:
                index += 1
                continue
            }
            break
        }
        longestLine = longest
        return begin
    }
}

extension UnsafeRawBufferPointer {
    /// The offset of the first such octet; the range's end when there is none.
    func offset(of octet: UInt8, in range: Range<Int>) -> Int {
        guard !range.isEmpty, let base = baseAddress,
            let found = memchr(base + range.lowerBound, CInt(octet), range.count)
        else { return range.upperBound }
        return UnsafeRawPointer(found) - base
    }

    /// The offset of the first octet of 13 (CR) or less from there on; the count when there is none. CR, LF and NUL are
    /// such octets, text has few others.
    func offsetOfControl(from start: Int) -> Int {
        guard let base = baseAddress else { return count }
        // In each octet of a word: its highest bit is set by taking 14 away from less, and was not set before. A borrow
        // goes to higher octets only, so that the lowest that is found is right.
        let (each, top): (UInt64, UInt64) = (0x0E0E_0E0E_0E0E_0E0E, 0x8080_8080_8080_8080)
        var index = start
        while index + 8 <= count {
            let word = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let found = (word &- each) & ~word & top
            if found != 0 { return index + found.trailingZeroBitCount / 8 }
            index += 8
        }
        while index < count, self[index] > .carriageReturn { index += 1 }
        return index
    }
}
