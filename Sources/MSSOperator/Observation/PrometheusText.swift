/// Metrics as Prometheus reads them (text exposition format 0.0.4).
struct PrometheusText {
    enum Kind: String { case counter, gauge, histogram }

    private(set) var text = ""

    /// A metric with its values; nothing is written when there is none.
    mutating func add(
        _ name: String, _ kind: Kind, _ help: String, _ values: [(labels: [(String, String)], value: Double)]
    ) {
        guard !values.isEmpty else { return }
        head(name, kind, help)
        for (labels, value) in values { line(name, labels, value) }
    }

    /// A metric of one value.
    mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        add(name, kind, help, [([], value)])
    }

    /// Values counted by upper bounds.
    mutating func histogram(_ name: String, _ help: String, bounds: [Double], counts: [Int], sum: Double) {
        head(name, .histogram, help)
        var total = 0
        for (bound, count) in zip(bounds.map { PrometheusText.number($0) } + ["+Inf"], counts) {
            total += count
            line("\(name)_bucket", [("le", bound)], Double(total))
        }
        line("\(name)_sum", [], sum)
        line("\(name)_count", [], Double(total))
    }

    private mutating func head(_ name: String, _ kind: Kind, _ help: String) {
        text += "# HELP \(name) \(help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n"
        text += "# TYPE \(name) \(kind.rawValue)\n"
    }

    private mutating func line(_ name: String, _ labels: [(String, String)], _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{\(labels.map { "\($0.0)=\"\(PrometheusText.escaped($0.1))\"" }.joined(separator: ","))}"
        }
        text += " \(PrometheusText.number(value))\n"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private static func number(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int64(value))" : "\(value)"
    }
}
