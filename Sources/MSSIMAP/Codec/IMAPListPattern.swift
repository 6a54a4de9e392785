/// A pattern of `LIST` against names: `*` is anything, `%` anything within one level (RFC 9051 §6.3.9).
///
/// Matching takes time in the product of both lengths at most, whatever the wildcards.
struct IMAPListPattern {
    private let pattern: [Unicode.Scalar]
    private static let separator = Unicode.Scalar("/")

    init(_ pattern: String) { self.pattern = IMAPListPattern.normal(pattern) }

    /// INBOX counts without regard to case.
    private static func normal(_ text: String) -> [Unicode.Scalar] {
        let first = text.prefix { $0 != IMAPMailboxName.separator }
        return Array((first.lowercased() == "inbox" ? "INBOX" + text.dropFirst(first.count) : text).unicodeScalars)
    }

    func matches(_ name: IMAPMailboxName) -> Bool {
        let name = Array(name.text.unicodeScalars)
        // The places of the pattern reached after each character of the name.
        var states = closure([Bool](repeating: false, count: pattern.count + 1), adding: 0)
        for scalar in name {
            var next = [Bool](repeating: false, count: pattern.count + 1)
            for (place, isReached) in states.enumerated() where isReached && place < pattern.count {
                switch pattern[place] {
                case "*": next[place] = true
                case "%": if scalar != Self.separator { next[place] = true }
                case scalar: next[place + 1] = true
                default: break
                }
            }
            states = next
            for place in states.indices where states[place] { states = closure(states, adding: place) }
        }
        return states[pattern.count]
    }

    /// Wildcards may stand for nothing.
    private func closure(_ states: [Bool], adding place: Int) -> [Bool] {
        var states = states
        var place = place
        states[place] = true
        while place < pattern.count, pattern[place] == "*" || pattern[place] == "%" {
            place += 1
            states[place] = true
        }
        return states
    }
}
