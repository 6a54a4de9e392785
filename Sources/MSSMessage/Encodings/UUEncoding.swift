/// uuencoded content, as old mail carries it.
public enum UUEncoding {
    /// Decodes the lines between `begin` and `end`; text around them is passed over. Without a `begin` line the octets
    /// are returned as they are.
    public static func decode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        var begun = false
        for line in bytes.split(separator: Ascii.lf, omittingEmptySubsequences: false) {
            let line = line.last == Ascii.cr ? line.dropLast() : line
            if !begun {
                begun = line.starts(with: "begin ".utf8)
                continue
            }
            if line.elementsEqual("end".utf8) { return output }
            guard let first = line.first else { continue }
            let length = Int((first &- 32) & 63)
            var written = 0
            var index = line.startIndex + 1
            while written < length, index < line.endIndex {
                // Trailing blanks may have been cut: what is missing counts as zero.
                func value(_ offset: Int) -> UInt8 {
                    index + offset < line.endIndex ? (line[index + offset] &- 32) & 63 : 0
                }
                let group = [
                    value(0) << 2 | value(1) >> 4, value(1) << 4 | value(2) >> 2, value(2) << 6 | value(3),
                ]
                output += group.prefix(length - written)
                written += 3
                index += 4
            }
        }
        return begun ? output : Array(bytes)
    }
}
