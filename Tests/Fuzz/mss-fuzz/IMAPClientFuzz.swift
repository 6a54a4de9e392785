import MSSIMAP
import NIOCore

/// A stream of responses: however it is cut, the same comes out; what is held is bounded; literals that stream are all
/// there, and none of them is held; whatever is understood is understood again.
let fuzzIMAPResponse: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
    let input = Array(UnsafeBufferPointer(start: bytes, count: count))
    for streams in [false, true] {
        let whole = framed(input, pieces: max(1, count), streams)
        precondition(whole == framed(input, pieces: 1, streams), "cutting changes the responses")
        precondition(streams || whole.streamed.isEmpty)
        precondition(whole.streamed.count + whole.responses.reduce(0) { $0 + $1.count } <= 2 * count + 64)
        for octets in whole.responses {
            for utf8 in [false, true] {
                guard let response = try? IMAPResponse(octets: octets, utf8: utf8) else { continue }
                check(response)
            }
        }
    }
    return 0
}

private struct Framed: Equatable {
    var responses: [[UInt8]] = []
    var streamed: [UInt8] = []
    var isLost = false
}

private func framed(_ input: [UInt8], pieces: Int, _ streams: Bool) -> Framed {
    var framer = IMAPResponseFramer(limit: 8192)
    framer.streamsLiterals = streams
    var buffer = ByteBuffer()
    var all = Framed()
    var start = 0
    while start < input.count {
        buffer.writeBytes(input[start..<min(start + pieces, input.count)])
        start += pieces
        while let event = framer.next(&buffer) {
            precondition(!all.isLost, "an event after the end")
            switch event {
            case .response(let octets):
                precondition(octets.count <= 8192, "longer than allowed")
                all.responses.append(octets)
            case .streamed(let octets): all.streamed += octets.readableBytesView
            case .lost: all.isLost = true
            }
        }
        precondition(framer.held <= 8192, "holds more than a response may have")
    }
    return all
}

private func check(_ response: IMAPResponse) {
    switch response {
    case .status(let status): precondition(status.tag != "")
    case .vanished(let uids, _):
        precondition(zip(uids.ranges, uids.ranges.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
    case .found(let found): precondition(!found.numbers.contains(0), "a number that no message has")
    case .message(let message):
        precondition(message.number > 0 && message.uid != 0)
        for part in message.structure?.all ?? [] { precondition(part.size >= 0 && part.number.allSatisfy { $0 > 0 }) }
    case .mailbox(let mailbox):
        precondition(IMAPMailboxName(mailbox.name.text) == mailbox.name, "a name changes")
    case .expunged(let number): precondition(number > 0)
    default: break
    }
}
