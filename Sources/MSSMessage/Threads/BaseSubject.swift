/// The base subject of a message (RFC 5256 §2.1): what is left when marks of replies and forwards are taken away.
public struct BaseSubject: Hashable, Sendable {
    /// The base subject, blanks collapsed.
    public let text: String
    /// Whether something said that the message answers or forwards another.
    public let isReplyOrForward: Bool

    /// Longest subject that is examined; a field body of RFC 5322 holds no more in a line.
    static let limit = 998

    /// Which words before a colon mark replies and forwards.
    public enum Marks: Hashable, Sendable {
        /// `Re`, `Fw`, `Fwd`: what IMAP's THREAD and SORT require.
        case rfc5256
        /// These and what French mail programs write: `TR`, `Rép`, `Réf`.
        case french

        var words: [[Unicode.Scalar]] {
            let words = self == .rfc5256 ? ["re", "fwd", "fw"] : ["re", "fwd", "fw", "tr", "rép", "rep", "réf"]
            return words.map { Array($0.unicodeScalars) }
        }
    }

    /// Takes a decoded subject apart.
    public init(_ subject: String, marks: Marks = .rfc5256) {
        let words = marks.words
        var scan = Scan(subject)
        var marked = false
        repeat {
            scan.trimEnd(&marked)  // (2)
            var changed: Bool
            repeat {  // (5)
                changed = scan.removeLeader(words, &marked)  // (3)
                if !changed { changed = scan.removeBlob() }  // (4)
            } while changed
        } while scan.unwrapForward(&marked)  // (6)
        text = scan.text
        isReplyOrForward = marked
    }

    private struct Scan {
        var scalars: ArraySlice<Unicode.Scalar>

        /// Step (1): blanks of any kind become one space.
        init(_ subject: String) {
            var collapsed: [Unicode.Scalar] = []
            for scalar in subject.unicodeScalars.prefix(BaseSubject.limit) {
                let blank = scalar == " " || scalar == "\t" || scalar == "\r" || scalar == "\n" || scalar == "\u{A0}"
                if blank, collapsed.last == " " { continue }
                collapsed.append(blank ? " " : scalar)
            }
            scalars = collapsed[...]
        }

        var text: String {
            var text = String.UnicodeScalarView()
            text.append(contentsOf: scalars)
            return String(text)
        }

        private func lower(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
            scalar.properties.lowercaseMapping.unicodeScalars.first ?? scalar
        }

        private func starts(_ place: Int, _ word: [Unicode.Scalar]) -> Bool {
            guard place + word.count <= scalars.endIndex else { return false }
            for (offset, scalar) in word.enumerated() where lower(scalars[place + offset]) != scalar { return false }
            return true
        }

        mutating func trimEnd(_ marked: inout Bool) {
            let trailer = Array("(fwd)".unicodeScalars)
            while let last = scalars.last {
                if last == " " {
                    scalars.removeLast()
                } else if scalars.count >= trailer.count, starts(scalars.endIndex - trailer.count, trailer) {
                    scalars.removeLast(trailer.count)
                    marked = true
                } else {
                    break
                }
            }
        }

        private func skipSpaces(_ place: Int) -> Int {
            var place = place
            while place < scalars.endIndex, scalars[place] == " " { place += 1 }
            return place
        }

        /// The place after `[…]` and blanks; `nil` when none stands here.
        private func blob(_ place: Int) -> Int? {
            guard place < scalars.endIndex, scalars[place] == "[" else { return nil }
            var end = place + 1
            while end < scalars.endIndex, scalars[end] != "[", scalars[end] != "]" { end += 1 }
            guard end < scalars.endIndex, scalars[end] == "]" else { return nil }
            return skipSpaces(end + 1)
        }

        mutating func removeLeader(_ words: [[Unicode.Scalar]], _ marked: inout Bool) -> Bool {
            if scalars.first == " " {
                scalars = scalars[skipSpaces(scalars.startIndex)...]
                return true
            }
            var place = scalars.startIndex
            while let next = blob(place) { place = next }
            for word in words where starts(place, word) {
                var end = skipSpaces(place + word.count)
                if let next = blob(end) { end = next }
                if end < scalars.endIndex, scalars[end] == ":" {
                    scalars = scalars[(end + 1)...]
                    marked = true
                    return true
                }
            }
            return false
        }

        mutating func removeBlob() -> Bool {
            guard let next = blob(scalars.startIndex), next < scalars.endIndex else { return false }
            scalars = scalars[next...]
            return true
        }

        mutating func unwrapForward(_ marked: inout Bool) -> Bool {
            let head = Array("[fwd:".unicodeScalars)
            guard scalars.last == "]", starts(scalars.startIndex, head) else { return false }
            scalars = scalars.dropFirst(head.count).dropLast()
            marked = true
            return true
        }
    }
}
