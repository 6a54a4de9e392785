/// The subject of a message that carries structured documents:
/// `XDM/1.0/DDM+<libellé> <NOM> <prénom> <date de naissance>` (Référentiel #2, ECO.2.1.3).
public struct StructuredSubject: Sendable, Hashable {
    /// The mark that begins such a subject.
    public static let prefix = "XDM/1.0/DDM+"
    /// Most characters of the label.
    public static let maximumLabel = 40

    /// What is sent: the kind of a lone document, or `N documents`.
    public var label: String
    /// The patient's birth name; empty when it cannot be told from the label.
    public var birthName: String
    /// The patient's first given name; empty when it cannot be told.
    public var firstName: String
    /// The birth date as `JJ/MM/AAAA`.
    public var birthDate: String?

    /// A subject from its parts: the label cut to 40 characters, names without accents, the birth name in capitals.
    public init(label: String, birthName: String, firstName: String, birthDate: String? = nil) {
        self.label = String(StructuredSubject.line(label).prefix(StructuredSubject.maximumLabel)).trimmed
        self.birthName = LatinText.withoutAccents(StructuredSubject.line(birthName)).uppercased()
        self.firstName = LatinText.withoutAccents(StructuredSubject.line(firstName))
        self.birthDate = birthDate.map(StructuredSubject.line)
    }

    /// The subject for documents: the kind of a lone one, else how many there are.
    public init?(documents: [CDAHeader]) {
        guard let patient = documents.first?.patient else { return nil }
        let label =
            documents.count > 1
            ? "\(documents.count) documents"
            : documents[0].type.displayName.isEmpty ? documents[0].title : documents[0].type.displayName
        self.init(
            label: label, birthName: patient.birthName, firstName: patient.firstName,
            birthDate: patient.birthDate.flatMap { $0.day == nil ? nil : $0.frenchDate })
    }

    /// The subject as written.
    public var text: String {
        StructuredSubject.prefix
            + [label, birthName, firstName, birthDate ?? ""].filter { !$0.isEmpty }.joined(separator: " ")
    }

    /// The subject for a list of messages: `CR d'examens biologiques – VIAL Paul (26/11/1978)`.
    public var readable: String {
        let person = [birthName, firstName].filter { !$0.isEmpty }.joined(separator: " ")
        let name = person.isEmpty ? label : label.isEmpty ? person : "\(label) – \(person)"
        return birthDate.map { "\(name) (\($0))" } ?? name
    }

    /// Reads a subject; `nil` without the mark, wherever answers and reports have put their own before it.
    ///
    /// Nothing in the form separates the label from the name. A name is taken to be the last words in capitals before
    /// the first name; when everything is in capitals, one word each is taken, as far as a label remains.
    public init?(parsing subject: some StringProtocol) {
        let line = StructuredSubject.line(subject)
        let characters = Array(line)
        guard let match = StructuredSubject.place(in: characters) else { return nil }
        var words = String(characters[(match + StructuredSubject.prefix.count)...]).split(separator: " ").map(
            String.init)
        birthDate = nil
        if let last = words.last, StructuredSubject.isDate(last) {
            birthDate = last
            words.removeLast()
        }
        // The first name: trailing words that are not in capitals, one word when all are.
        var given = words.reversed().prefix { !StructuredSubject.isCapitals($0) && $0.first?.isUppercase == true }.count
        if given == 0, words.count > 2, let last = words.last, StructuredSubject.isCapitals(last) { given = 1 }
        let before = words.dropLast(given)
        var family = before.reversed().prefix { StructuredSubject.isCapitals($0) }.count
        // In capitals throughout, the label has the rest; the label keeps at least one word.
        if family == before.count { family = min(1, max(0, before.count - 1)) }
        if given == 0 || family == 0 {
            label = words.joined(separator: " ")
            birthName = ""
            firstName = ""
        } else {
            label = before.dropLast(family).joined(separator: " ")
            birthName = before.suffix(family).joined(separator: " ")
            firstName = words.suffix(given).joined(separator: " ")
        }
    }

    /// The subject of any message as a reader should see it: marks of structured messages turned into words, other
    /// subjects as they are.
    public static func readable(_ subject: String) -> String {
        if let report = ProcessingReport(subject: subject) {
            return "Échec d'intégration (\(report.code)) : " + (report.subject?.readable ?? "")
        }
        guard let structured = StructuredSubject(parsing: subject) else { return subject }
        // Keep what an answer or a forwarding put before (`RE:`, `TR:`).
        let line = Array(StructuredSubject.line(subject))
        return String(line[..<(place(in: line) ?? 0)]) + structured.readable
    }

    /// Where the mark begins.
    private static func place(in line: [Character]) -> Int? {
        let mark = Array(prefix)
        return line.indices.first { start in
            start + mark.count <= line.count
                && zip(line[start...], mark).allSatisfy { $0 == $1 || $0.lowercased() == $1.lowercased() }
        }
    }

    private static func isCapitals(_ word: some StringProtocol) -> Bool {
        word.contains(where: \.isLetter) && !word.contains(where: \.isLowercase)
    }

    private static func isDate(_ word: String) -> Bool {
        let parts = word.split(separator: "/", omittingEmptySubsequences: false)
        return parts.map(\.count) == [2, 2, 4] && parts.allSatisfy { $0.utf8.allSatisfy { (0x30...0x39).contains($0) } }
    }

    /// One line, blanks folded: a value never brings a line break into a header.
    static func line(_ text: some StringProtocol) -> String {
        text.split {
            $0.isWhitespace || $0.isNewline || $0.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F }
        }
        .joined(separator: " ")
    }
}
