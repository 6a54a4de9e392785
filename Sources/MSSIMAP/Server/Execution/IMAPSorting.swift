import MSSCore
import MSSMessage

/// What a message is sorted by (RFC 5256 §3).
struct IMAPSortEntry: Comparable {
    enum Value: Comparable {
        case time(Timestamp)
        case text(String)
        case number(Int)
    }

    let uid: UInt32
    private let values: [(value: Value, isReversed: Bool)]

    init(_ message: IMAPMessage, _ header: HeaderBlock?, _ criteria: [IMAPSortCriterion]) {
        uid = message.uid
        values = criteria.map { (Self.value($0.key, message, header), $0.isReversed) }
    }

    private static func value(
        _ key: IMAPSortCriterion.Key, _ message: IMAPMessage, _ header: HeaderBlock?
    ) -> Value {
        func address(_ list: AddressList?) -> Value {
            // The local part of the first mailbox; a group without members counts as nothing.
            .text(list?.mailboxes.first?.localPart.lowercased() ?? "")
        }
        return switch key {
        case .arrival: .time(message.received)
        // RFC 5256 §2.2: without a date that can be read, the time of arrival.
        case .date: .time(header?.date?.timestamp ?? message.received)
        case .size: .number(message.size)
        case .subject: .text(BaseSubject(header?.subject ?? "").text.lowercased())
        case .from: address(header?.from)
        case .to: address(header?.to)
        case .cc: address(header?.cc)
        }
    }

    static func < (left: IMAPSortEntry, right: IMAPSortEntry) -> Bool {
        for (one, other) in zip(left.values, right.values) where one.value != other.value {
            return (one.value < other.value) != one.isReversed
        }
        return left.uid < right.uid
    }

    static func == (left: IMAPSortEntry, right: IMAPSortEntry) -> Bool { left.uid == right.uid }
}

extension ThreadForest {
    /// The conversations in the form of a `THREAD` response (RFC 5256 §5), without recursion: threads may be long.
    func wire(_ names: [UInt32]) -> String {
        enum Step {
            case thread(Int)
            case close
        }
        var output = ""
        var steps: [Step] = roots.reversed().map { .thread($0) }
        while let step = steps.popLast() {
            guard case .thread(var node) = step else {
                output += ")"
                continue
            }
            output += "("
            var separator = ""
            while true {
                if let message = nodes[node].message {
                    output += separator + String(names[message])
                    separator = " "
                }
                let children = nodes[node].children
                guard children.count == 1 else {
                    steps.append(.close)
                    if !children.isEmpty { output += separator }
                    steps += children.reversed().map { .thread($0) }
                    break
                }
                node = children[0]
            }
        }
        return output
    }
}
