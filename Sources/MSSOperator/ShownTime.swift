import MSSCore

extension Timestamp {
    /// As administrators and their scripts read it: an XML Schema `dateTime` in UTC, to the second.
    var shown: String { Timestamp(seconds: seconds).xsdDateTime }
}
