/// A character set of mail text, and its decoding to Swift strings. Decoding never fails: what is undefined becomes
/// U+FFFD.
public enum Charset: Hashable, Sendable {
    /// UTF-8.
    case utf8
    /// UTF-16; the byte order mark decides, else the place of the zero octets, else big-endian (RFC 2781 §4.3).
    case utf16
    /// UTF-16 without mark, big-endian.
    case utf16BigEndian
    /// UTF-16 without mark, little-endian.
    case utf16LittleEndian
    /// UTF-7 (RFC 2152).
    case utf7
    /// Windows-1252, also for what calls itself US-ASCII or ISO-8859-1: octets above 127 in the former and C1 controls
    /// in the latter are always meant as Windows-1252.
    case windows1252
    /// Another single-byte charset, by its canonical label.
    case singleByte(String)
    /// An East Asian charset that glibc's `iconv` decodes, by its name there.
    case iconv(String)

    /// The charset of a label (RFC 2978 names, aliases, and the spellings of the wild); `nil` when unknown.
    public init?(label: String) {
        let name = label.lowercased().filter { $0 != "\"" && $0 != "'" && $0 != " " }
        guard let known = Self.byLabel[name] else { return nil }
        self = known
    }

    /// Decodes octets.
    public func decode(_ bytes: ArraySlice<UInt8>) -> String {
        switch self {
        case .utf8:
            String(decoding: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes, as: UTF8.self)
        case .utf16: UTF16Decoding.decode(bytes)
        case .utf16BigEndian: UTF16Decoding.decode(bytes, littleEndian: false)
        case .utf16LittleEndian: UTF16Decoding.decode(bytes, littleEndian: true)
        case .utf7: UTF7.decode(bytes)
        case .windows1252: SingleByteTable.windows1252.decode(bytes)
        case .singleByte(let name): SingleByteTable.named(name).decode(bytes)
        case .iconv(let name): Iconv.decode(bytes, from: name) ?? HeaderText.string(Array(bytes))
        }
    }

    /// Decodes octets by a label; an unknown label gives UTF-8 where that fits, else Windows-1252.
    public static func decode(_ bytes: ArraySlice<UInt8>, label: String) -> String {
        guard let charset = Charset(label: label) else { return HeaderText.string(Array(bytes)) }
        // Much mail labels UTF-8 as US-ASCII or Latin-1's default; octets tell when ASCII is claimed.
        if charset == .windows1252, isASCIILabel(label) { return HeaderText.string(Array(bytes)) }
        return charset.decode(bytes)
    }

    private static func isASCIILabel(_ label: String) -> Bool { asciiLabels.contains(label.lowercased()) }

    private static let asciiLabels: Set<String> = [
        "us-ascii", "ascii", "ansi_x3.4-1968", "iso646-us", "iso-ir-6", "us", "cp367", "ibm367", "default",
    ]

    private static let byLabel: [String: Charset] = {
        var table: [String: Charset] = [
            "utf-8": .utf8, "utf8": .utf8, "unicode-1-1-utf-8": .utf8, "x-unknown": .utf8, "utf-8mb4": .utf8,
            "utf-16": .utf16, "utf16": .utf16, "ucs-2": .utf16, "iso-10646-ucs-2": .utf16, "unicode": .utf16,
            "utf-16be": .utf16BigEndian, "utf-16le": .utf16LittleEndian,
            "utf-7": .utf7, "utf7": .utf7, "unicode-1-1-utf-7": .utf7,
            "koi8-ru": .singleByte("koi8-u"), "koi8": .singleByte("koi8-r"),
            "mac": .singleByte("macintosh"), "x-mac-roman": .singleByte("macintosh"),
            "iso-8859-8-i": .singleByte("iso-8859-8"), "iso-8859-8-e": .singleByte("iso-8859-8"),
            "iso-8859-6-i": .singleByte("iso-8859-6"), "tis-620": .singleByte("iso-8859-11"),
            "windows-874": .singleByte("iso-8859-11"), "cp819": .windows1252, "l1": .windows1252,
            "latin-9": .singleByte("iso-8859-15"), "latin9": .singleByte("iso-8859-15"),
            "l9": .singleByte("iso-8859-15"), "latin2": .singleByte("iso-8859-2"), "ansi": .windows1252,
            "cp00858": .singleByte("ibm858"),
        ]
        for label in asciiLabels { table[label] = .windows1252 }
        for label in [
            "iso-8859-1", "iso8859-1", "iso88591", "iso_8859-1", "iso_8859-1:1987", "iso-ir-100", "latin1", "latin-1",
            "windows-1252", "cp1252", "cp-1252", "x-cp1252", "win-1252", "iso-8859", "ibm819",
        ] { table[label] = .windows1252 }
        for name in singleByteTables.keys where name != "windows-1252" {
            table[name] = .singleByte(name)
            if name.hasPrefix("iso-8859-") {
                let number = name.dropFirst(9)
                table["iso8859-\(number)"] = .singleByte(name)
                table["iso_8859-\(number)"] = .singleByte(name)
                table["iso8859\(number)"] = .singleByte(name)
            } else if name.hasPrefix("windows-") {
                table["cp\(name.dropFirst(8))"] = .singleByte(name)
                table["x-cp\(name.dropFirst(8))"] = .singleByte(name)
            } else if name.hasPrefix("ibm") {
                table["cp\(name.dropFirst(3))"] = .singleByte(name)
            }
        }
        for (label, name) in Iconv.allowed { table[label] = .iconv(name) }
        return table
    }()
}

/// The upper half of a single-byte charset as code units.
struct SingleByteTable {
    private let units: [UInt16]

    static let windows1252 = SingleByteTable("windows-1252")
    private static let tables: [String: SingleByteTable] = Dictionary(
        uniqueKeysWithValues: singleByteTables.keys.map { ($0, SingleByteTable($0)) })

    static func named(_ name: String) -> SingleByteTable { tables[name] ?? windows1252 }

    private init(_ name: String) {
        let characters = singleByteTables[name]!.unicodeScalars.map { UInt16($0.value) }
        units = (characters.count == 96 ? Array(0x80..<0xA0) : []) + characters
    }

    func decode(_ bytes: ArraySlice<UInt8>) -> String {
        var output: [UInt8] = []
        output.reserveCapacity(bytes.count + bytes.count / 8)
        for byte in bytes {
            guard byte > 127 else {
                output.append(byte)
                continue
            }
            let unit = units[Int(byte) - 128]
            if unit < 0x800 {
                output.append(UInt8(0xC0 | unit >> 6))
            } else {
                output.append(UInt8(0xE0 | unit >> 12))
                output.append(UInt8(0x80 | unit >> 6 & 0x3F))
            }
            output.append(UInt8(0x80 | unit & 0x3F))
        }
        return String(decoding: output, as: UTF8.self)
    }
}
