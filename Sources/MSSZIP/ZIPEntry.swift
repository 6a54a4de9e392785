/// One file or folder of an archive, as its central directory and its local header agree to describe it.
public struct ZIPEntry: Sendable, Hashable {
    /// How an entry's bytes are kept.
    public enum Method: UInt16, Sendable, Hashable {
        /// As they are.
        case store = 0
        /// Compressed by deflate (RFC 1951).
        case deflate = 8
    }

    /// Position in the central directory, from 0.
    public let index: Int
    /// The path, with `/` between folders and, for a folder, at the end. Checked: relative, no `..`, no control
    /// character, unique in the archive.
    public let name: String
    /// How the bytes are kept.
    public let method: Method
    /// Bytes in the archive.
    public let compressedSize: UInt64
    /// Bytes once expanded.
    public let size: UInt64
    /// CRC-32 of the expanded bytes.
    public let crc32: UInt32
    /// Last modification, local time of the writer.
    public let modified: ZIPTime

    /// Whether the entry is a folder.
    public var isDirectory: Bool { name.hasSuffix("/") }

    /// Where the local header begins.
    let headerOffset: UInt64
    /// Where the compressed bytes begin.
    let dataOffset: UInt64
}

/// The date and time that ZIP keeps: MS-DOS form, no time zone, two-second steps, years 1980 to 2107.
public struct ZIPTime: Sendable, Hashable {
    /// MS-DOS date: year − 1980, month, day in 7, 4 and 5 bits.
    let date: UInt16
    /// MS-DOS time: hour, minute, second ÷ 2 in 5, 6 and 5 bits.
    let time: UInt16

    init(date: UInt16, time: UInt16) {
        self.date = date
        self.time = time
    }

    /// 1 January 1980, midnight: what the writer uses unless told, so that equal content gives equal archives.
    public static let earliest = ZIPTime(year: 1980, month: 1, day: 1)

    /// A time from its civil parts; each is brought into the range that the format can hold.
    public init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        func clamp(_ value: Int, _ range: ClosedRange<Int>) -> UInt16 {
            UInt16(min(max(value, range.lowerBound), range.upperBound))
        }
        date = clamp(year - 1980, 0...127) << 9 | clamp(month, 1...12) << 5 | clamp(day, 1...31)
        time = clamp(hour, 0...23) << 11 | clamp(minute, 0...59) << 5 | clamp(second, 0...59) / 2
    }

    /// 1980 to 2107.
    public var year: Int { 1980 + Int(date >> 9) }
    /// 1 to 12 in honest archives; 0 to 15 as read.
    public var month: Int { Int(date >> 5 & 15) }
    /// 1 to 31 in honest archives; 0 to 31 as read.
    public var day: Int { Int(date & 31) }
    /// 0 to 23 in honest archives; 0 to 31 as read.
    public var hour: Int { Int(time >> 11) }
    /// 0 to 59 in honest archives; 0 to 63 as read.
    public var minute: Int { Int(time >> 5 & 63) }
    /// Even, 0 to 58 in honest archives; 0 to 62 as read.
    public var second: Int { Int(time & 31) * 2 }
}
