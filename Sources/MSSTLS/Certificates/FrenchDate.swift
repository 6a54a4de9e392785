import MSSCore

extension Timestamp {
    /// The UTC date as a French reader writes it, `05/03/2026`.
    var frenchDay: String {
        let date = civil
        func padded(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(padded(date.day))/\(padded(date.month))/\(date.year)"
    }
}
