/// Canonical composition of Latin letters, with the standard library alone.
///
/// The standard library has no public normaliser, but its strings compare by canonical equivalence: a dictionary from
/// each precomposed letter finds the same letter written as a base and combining marks (Decision 0011).
enum LatinComposition {
    /// Composes each run of a base character and combining marks that has a precomposed Latin letter.
    static func composed(_ scalars: [Unicode.Scalar]) -> [Unicode.Scalar] {
        guard scalars.contains(where: isMark) else { return scalars }
        var result: [Unicode.Scalar] = []
        result.reserveCapacity(scalars.count)
        var index = 0
        while index < scalars.count {
            var end = index + 1
            while end < scalars.count, isMark(scalars[end]) { end += 1 }
            append(scalars[index..<end], to: &result)
            index = end
        }
        return result
    }

    /// Appends one base and its marks, composing as many of the marks as a precomposed letter takes.
    private static func append(_ run: ArraySlice<Unicode.Scalar>, to result: inout [Unicode.Scalar]) {
        // No Latin letter takes more than four marks; longer runs are not text and stay as they are.
        guard run.count > 1, run.count <= 5 else {
            result.append(contentsOf: run)
            return
        }
        var length = run.count
        while length > 1 {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: run.prefix(length))
            if let letter = letters[String(view)] {
                result.append(letter)
                result.append(contentsOf: run.dropFirst(length))
                return
            }
            length -= 1
        }
        result.append(contentsOf: run)
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool { (0x0300...0x036F).contains(scalar.value) }

    /// The precomposed letters of Latin-1, Latin Extended-A and -B and Latin Extended Additional, found by any
    /// canonically equivalent spelling.
    private static let letters: [String: Unicode.Scalar] = {
        var letters: [String: Unicode.Scalar] = [:]
        for range in [0x00C0...0x024F, 0x1E00...0x1EFF] as [ClosedRange<UInt32>] {
            for value in range {
                guard let scalar = Unicode.Scalar(value) else { continue }
                letters[String(scalar)] = scalar
            }
        }
        return letters
    }()
}
