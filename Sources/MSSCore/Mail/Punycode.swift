/// RFC 3492: Unicode labels in ASCII. Without the `xn--` prefix, and bounded by the length of a DNS label.
enum Punycode {
    // RFC 3492 §5.
    private static let base = 36, tMin = 1, tMax = 26, skew = 38, damp = 700
    private static let initialBias = 72, initialN = 128

    /// The ASCII form; `nil` when it would not fit a label.
    static func encode(_ input: [Unicode.Scalar]) -> String? {
        guard input.count <= Domain.maximumLabelLength else { return nil }
        var output = input.filter(\.isASCII).map { UInt8($0.value) }
        let basic = output.count
        var handled = basic
        if basic > 0 { output.append(UInt8(ascii: "-")) }
        var n = initialN
        var delta = 0
        var bias = initialBias
        while handled < input.count {
            guard let next = input.lazy.map({ Int($0.value) }).filter({ $0 >= n }).min() else { return nil }
            // At most 63 characters: (next - n) × 64 cannot overflow 64 bits.
            delta += (next - n) * (handled + 1)
            n = next
            for scalar in input {
                let value = Int(scalar.value)
                if value < n { delta += 1 }
                guard value == n else { continue }
                var quotient = delta
                var k = base
                while true {
                    let threshold = min(max(k - bias, tMin), tMax)
                    if quotient < threshold { break }
                    output.append(digit(threshold + (quotient - threshold) % (base - threshold)))
                    quotient = (quotient - threshold) / (base - threshold)
                    k += base
                }
                output.append(digit(quotient))
                bias = adapt(delta, points: handled + 1, first: handled == basic)
                delta = 0
                handled += 1
            }
            delta += 1
            n += 1
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The Unicode form of lower-case ASCII; `nil` for text that is not Punycode.
    static func decode(_ text: Substring) -> [Unicode.Scalar]? {
        let bytes = Array(text.utf8)
        guard bytes.count <= Domain.maximumLabelLength, !bytes.isEmpty else { return nil }
        let delimiter = bytes.lastIndex(of: UInt8(ascii: "-"))
        var output = bytes[..<(delimiter ?? 0)].map { Unicode.Scalar($0) }
        var position = delimiter.map { $0 + 1 } ?? 0
        var n = initialN
        var i = 0
        var bias = initialBias
        while position < bytes.count {
            let before = i
            var weight = 1
            var k = base
            while true {
                guard position < bytes.count, let value = digitValue(bytes[position]) else { return nil }
                position += 1
                let (product, overflow) = value.multipliedReportingOverflow(by: weight)
                let (sum, carried) = i.addingReportingOverflow(product)
                guard !overflow, !carried else { return nil }
                i = sum
                let threshold = min(max(k - bias, tMin), tMax)
                if value < threshold { break }
                let (next, tooHeavy) = weight.multipliedReportingOverflow(by: base - threshold)
                guard !tooHeavy else { return nil }
                weight = next
                k += base
            }
            let count = output.count + 1
            bias = adapt(i - before, points: count, first: before == 0)
            let (sum, overflow) = n.addingReportingOverflow(i / count)
            guard !overflow, let code = UInt32(exactly: sum), let scalar = Unicode.Scalar(code) else { return nil }
            n = sum
            i %= count
            output.insert(scalar, at: i)
            i += 1
        }
        return output
    }

    private static func adapt(_ delta: Int, points: Int, first: Bool) -> Int {
        var delta = first ? delta / damp : delta / 2
        delta += delta / points
        var k = 0
        while delta > ((base - tMin) * tMax) / 2 {
            delta /= base - tMin
            k += base
        }
        return k + (base - tMin + 1) * delta / (delta + skew)
    }

    private static func digit(_ value: Int) -> UInt8 {
        UInt8(value < 26 ? 0x61 + value : 0x30 + value - 26)
    }

    private static func digitValue(_ byte: UInt8) -> Int? {
        switch byte {
        case 0x61...0x7A: Int(byte) - 0x61
        case 0x30...0x39: Int(byte) - 0x30 + 26
        default: nil
        }
    }
}
