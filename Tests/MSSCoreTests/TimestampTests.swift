import Glibc
import MSSCore
import Testing

@Suite("Points in time")
struct TimestampTests {
    @Test("the civil calendar agrees with the C library from year 1 to 9999")
    func calendarAgreesWithTheCLibrary() throws {
        var seconds: Int64 = -62_135_596_800  // 0001-01-01
        while seconds < 253_402_300_800 {
            var time = time_t(seconds)
            var parts = tm()
            gmtime_r(&time, &parts)
            let civil = Timestamp(seconds: seconds).civil
            #expect(civil.year == Int(parts.tm_year) + 1900)
            #expect(civil.month == Int(parts.tm_mon) + 1)
            #expect(civil.day == Int(parts.tm_mday))
            #expect(civil.hour == Int(parts.tm_hour) && civil.minute == Int(parts.tm_min))
            #expect(civil.second == Int(parts.tm_sec))
            #expect(civil.weekday.rawValue % 7 == Int(parts.tm_wday))
            let back = try Timestamp(
                year: civil.year, month: civil.month, day: civil.day, hour: civil.hour, minute: civil.minute,
                second: civil.second)
            #expect(back.seconds == seconds)
            seconds += 86_400 * 97 + 4321
        }
    }

    @Test(
        "xsd:dateTime is read with its fraction, zone and sign",
        arguments: [
            ("2025-03-13T14:54:10Z", 1_741_877_650, 0),
            ("2025-03-13T15:54:10+01:00", 1_741_877_650, 0),
            ("2025-03-13T09:24:10-05:30", 1_741_877_650, 0),
            ("2025-03-13T14:54:10.25Z", 1_741_877_650, 250_000_000),
            ("2025-03-13T14:54:10.0000000019Z", 1_741_877_650, 1),
            ("  2025-03-13T14:54:10Z\n", 1_741_877_650, 0),
            ("1970-01-01T24:00:00Z", 86_400, 0),
            ("1969-12-31T23:59:59Z", -1, 0),
            ("0000-03-01T00:00:00Z", -62_162_035_200, 0),
            ("-0001-03-01T00:00:00Z", -62_193_657_600, 0),
            ("12025-01-01T00:00:00Z", 317_305_209_600, 0),
            ("2024-02-29T00:00:00+14:00", 1_709_114_400, 0),
        ] as [(String, Int64, Int32)])
    func xsdDateTime(text: String, seconds: Int64, nanoseconds: Int32) throws {
        let time = try Timestamp(xsdDateTime: text)
        #expect(time == Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(try Timestamp(xsdDateTime: time.xsdDateTime) == time)
    }

    @Test(
        "what is no xsd:dateTime is refused, and the error names the part",
        arguments: [
            ("", .malformed(.year)), ("2025", .malformed(.month)), ("25-03-13T14:54:10Z", .malformed(.year)),
            ("02025-03-13T14:54:10Z", .malformed(.year)), ("2025-13-13T14:54:10Z", .outOfRange(.month)),
            ("2025-02-29T14:54:10Z", .outOfRange(.day)), ("2100-02-29T14:54:10Z", .outOfRange(.day)),
            ("2025-03-13T24:00:01Z", .outOfRange(.hour)), ("2025-03-13T14:60:10Z", .outOfRange(.minute)),
            ("2025-03-13T14:54:60Z", .outOfRange(.second)), ("2025-03-13 14:54:10Z", .malformed(.hour)),
            ("2025-03-13T14:54:10.Z", .malformed(.fraction)), ("2025-03-13T14:54:10", .missingZone),
            ("2025-03-13T14:54:10+14:01", .outOfRange(.zone)), ("2025-03-13T14:54:10+1:00", .malformed(.zone)),
            ("2025-03-13T14:54:10ZZ", .trailingText), ("9999999999-01-01T00:00:00Z", .outOfRange(.year)),
            (String(repeating: "2", count: 5000), .trailingText),
        ] as [(String, TimestampError)])
    func refusedXSDDateTime(text: String, error: TimestampError) {
        #expect(throws: error) { try Timestamp(xsdDateTime: text) }
    }

    @Test("a missing zone is refused unless the caller says which to assume")
    func missingZone() throws {
        #expect(throws: TimestampError.missingZone) { try Timestamp(xsdDateTime: "2025-03-13T14:54:10") }
        let paris = try Timestamp(xsdDateTime: "2025-03-13T15:54:10", offsetWhenMissing: 3600)
        #expect(paris.seconds == 1_741_877_650)
        let written = try Timestamp(xsdDateTime: "2025-03-13T14:54:10Z", offsetWhenMissing: 3600)
        #expect(written == paris)
    }

    @Test("RFC 3339: lower case, a space, and the leap seconds of its §5.8")
    func rfc3339() throws {
        #expect(try Timestamp(rfc3339: "1985-04-12t23:20:50.52z").nanoseconds == 520_000_000)
        #expect(try Timestamp(rfc3339: "1996-12-19 16:39:57-08:00").seconds == 851_042_397)
        #expect(try Timestamp(rfc3339: "1990-12-31T23:59:60Z") == Timestamp(rfc3339: "1991-01-01T00:00:00Z"))
        #expect(try Timestamp(rfc3339: "1990-12-31T15:59:60-08:00").seconds == 662_688_000)
        #expect(throws: TimestampError.outOfRange(.second)) { try Timestamp(rfc3339: "1990-12-30T23:59:60Z") }
        #expect(throws: TimestampError.missingZone) { try Timestamp(rfc3339: "1990-12-31T23:59:59") }
        #expect(throws: TimestampError.malformed(.month)) { try Timestamp(rfc3339: "19900-12-31T23:59:59Z") }
        #expect(try Timestamp(xsdDateTime: "12025-01-01T00:00:00Z").rfc3339 == nil)
        #expect(try Timestamp(rfc3339: "2026-11-21T03:19:31.120Z").rfc3339 == "2026-11-21T03:19:31.12Z")
    }

    @Test("ASN.1 UTCTime spans 1950 to 2049; GeneralizedTime may carry a fraction")
    func asn1() throws {
        #expect(try Timestamp(asn1UTCTime: "500101000000Z".utf8) == Timestamp(year: 1950, month: 1, day: 1))
        #expect(try Timestamp(asn1UTCTime: "491231235959Z".utf8).civil.year == 2049)
        #expect(try Timestamp(asn1GeneralizedTime: "20500101000000Z".utf8).asn1UTCTime == nil)
        #expect(try Timestamp(asn1GeneralizedTime: "20500101000000Z".utf8).asn1GeneralizedTime == "20500101000000Z")
        #expect(try Timestamp(asn1GeneralizedTime: "20250313145410.5Z".utf8).nanoseconds == 500_000_000)
        #expect(try Timestamp(asn1UTCTime: "250313145410Z".utf8).asn1UTCTime == "250313145410Z")
        #expect(throws: TimestampError.malformed(.fraction)) {
            try Timestamp(asn1GeneralizedTime: "20250313145410.50Z".utf8)
        }
        #expect(throws: TimestampError.missingZone) { try Timestamp(asn1UTCTime: "250313145410+0100".utf8) }
        #expect(throws: TimestampError.malformed(.second)) { try Timestamp(asn1UTCTime: "2503131454Z".utf8) }
    }

    @Test("civil time at an offset, and the ends of the time line")
    func offsets() throws {
        let time = try Timestamp(year: 2026, month: 12, day: 31, hour: 23, minute: 30)
        let paris = time.civil(offsetSeconds: 3600)
        #expect(paris.year == 2027 && paris.month == 1 && paris.day == 1 && paris.hour == 0 && paris.minute == 30)
        #expect(paris.weekday == .friday)
        let same = try Timestamp(year: 2027, month: 1, day: 1, minute: 30, offsetSeconds: 3600)
        #expect(same == time)
        #expect(Timestamp(seconds: .max).civil.year > 290_000_000_000)
        #expect(Timestamp(seconds: .min).civil.year < -290_000_000_000)
        #expect(Timestamp(seconds: .max).civil(offsetSeconds: 3600).year == Timestamp(seconds: .max).civil.year)
    }

    @Test("sums of times and durations carry nanoseconds and saturate")
    func arithmetic() {
        let time = Timestamp(seconds: 10, nanoseconds: 900_000_000)
        #expect(time + .milliseconds(200) == Timestamp(seconds: 11, nanoseconds: 100_000_000))
        #expect(time - .seconds(11) == Timestamp(seconds: -1, nanoseconds: 900_000_000))
        #expect(Timestamp(seconds: .max) + .seconds(1) == Timestamp(seconds: .max))
        #expect(Timestamp(seconds: 12) - time == .milliseconds(1100))
    }
}
