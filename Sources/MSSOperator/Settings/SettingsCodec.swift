import MSSCore
import MSSDNS
import MSSSMTP

/// How one kind of value is read from the file and written to it.
struct SettingsCodec<Value: Sendable>: Sendable {
    let read: @Sendable (SettingsNode, SettingsPlace) -> Result<Value, SettingsFault>
    let write: @Sendable (Value) -> SettingsText

    /// A value that is a text in the file.
    ///
    /// - Parameters:
    ///   - expected: what is expected, with its article: « un port de 1 à 65535 ».
    ///   - example: one that is right.
    init(
        _ expected: String, example: String, write: @escaping @Sendable (Value) -> String,
        read: @escaping @Sendable (String, SettingsPlace) -> Value?
    ) {
        self.read = { node, place in
            guard case .text(let text, let line) = node else {
                return .failure(place.fault("\(expected) est attendu sur une ligne", "par exemple \(example)"))
            }
            guard let value = read(text, place) else {
                let shown = text.count > 60 ? "\(text.prefix(60))…" : text
                return .failure(
                    place.fault(
                        "\(expected) est attendu, et non « \(shown) »", "par exemple \(example)", line: line))
            }
            return .success(value)
        }
        self.write = { .text(write($0)) }
    }

    private init(
        read: @escaping @Sendable (SettingsNode, SettingsPlace) -> Result<Value, SettingsFault>,
        write: @escaping @Sendable (Value) -> SettingsText
    ) {
        self.read = read
        self.write = write
    }

    /// A list of such values; one alone may stand without brackets.
    func list(atLeast least: Int = 0) -> SettingsCodec<[Value]> {
        let codec = self
        return SettingsCodec<[Value]>(
            read: { node, place in
                let nodes: [SettingsNode]
                switch node {
                case .list(let items, _): nodes = items
                case .text: nodes = [node]
                case .mapping:
                    return .failure(place.fault("une liste est attendue", "écrivez chaque élément après un tiret"))
                }
                guard nodes.count >= least else {
                    return .failure(place.fault("la liste est vide", "donnez un élément au moins"))
                }
                var values: [Value] = []
                for (index, item) in nodes.enumerated() {
                    switch codec.read(item, place.item(index, line: item.line ?? place.line)) {
                    case .success(let value): values.append(value)
                    case .failure(let fault): return .failure(fault)
                    }
                }
                return .success(values)
            },
            write: { values in
                .list(
                    values.map { value in
                        if case .text(let text) = codec.write(value) { text } else { "" }
                    })
            })
    }
}

// MARK: Plain values

extension SettingsCodec<String> {
    /// A text, not empty.
    static let text = SettingsCodec("un texte", example: "\"Service MSSanté\"", write: { $0 }) { text, _ in
        text.isEmpty || text.utf8.contains { $0 < 0x20 } ? nil : text
    }

    /// A short name of letters, digits, `.`, `_` and `-`.
    static let name = SettingsCodec(
        "un nom court (lettres sans accent, chiffres, point, tiret)", example: "principal", write: { $0 }
    ) { text, _ in
        let isFit = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
            default: false
            }
        }
        return isFit && (1...64).contains(text.utf8.count) ? text : nil
    }

    /// A file or folder; a relative one starts from the folder of the settings.
    static let path = SettingsCodec("un chemin", example: "/etc/mssante/ca.pem", write: { $0 }) { text, place in
        guard !text.isEmpty, !text.utf8.contains(where: { $0 < 0x20 }) else { return nil }
        return text.hasPrefix("/") || place.folder.isEmpty ? text : "\(place.folder)/\(text)"
    }

    /// An `https` address.
    static let secureURL = SettingsCodec(
        "une adresse commençant par https://", example: "https://espacedeconfiance.mssante.fr/listeblanchemssante.xml",
        write: { $0 }
    ) { text, _ in text.hasPrefix("https://") && !text.contains(" ") && text.count > 8 ? text : nil }

    /// An `http` or `https` address: revocation lists and answers are signed themselves.
    static let url = SettingsCodec(
        "une adresse commençant par http:// ou https://", example: "http://igc-sante.esante.gouv.fr/CRL/x.crl",
        write: { $0 }
    ) { text, _ in
        (text.hasPrefix("http://") || text.hasPrefix("https://")) && !text.contains(" ") && text.count > 8 ? text : nil
    }

    /// A DNS resolver.
    static let resolver = SettingsCodec(
        "l'adresse d'un serveur DNS, suivie de @port si ce n'est pas 53", example: "127.0.0.1@5353", write: { $0 }
    ) { text, _ in
        let parts = text.split(separator: "@", omittingEmptySubsequences: false).map(String.init)
        guard let first = parts.first, IPAddress(first) != nil, parts.count <= 2 else { return nil }
        if parts.count == 2 { guard let port = Int(parts[1]), (1...65_535).contains(port) else { return nil } }
        return text
    }
}

extension SettingsCodec<Bool> {
    /// `oui` or `non`.
    static let flag = SettingsCodec("oui ou non", example: "oui", write: { $0 ? "oui" : "non" }) { text, _ in
        switch text.lowercased() {
        case "oui", "true": true
        case "non", "false": false
        default: nil
        }
    }
}

extension SettingsCodec<Int> {
    /// A number within bounds.
    static func number(_ range: ClosedRange<Int>) -> SettingsCodec<Int> {
        SettingsCodec(
            "un nombre de \(range.lowerBound) à \(range.upperBound)", example: "\(range.lowerBound)", write: { "\($0)" }
        ) { text, _ in Int(text).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// A size: octets, or with `ko`, `Mo`, `Go` (1,000s) or `Kio`, `Mio`, `Gio` (1,024s).
    static func size(_ range: ClosedRange<Int>) -> SettingsCodec<Int> {
        SettingsCodec(
            "une taille (de \(SettingsUnits.size(range.lowerBound)) à \(SettingsUnits.size(range.upperBound)))",
            example: "10Mio", write: { SettingsUnits.size($0) }
        ) { text, _ in SettingsUnits.size(text).flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension SettingsCodec<Duration> {
    /// A duration in one unit: `ms`, `s`, `min`, `h`, `j`.
    static func duration(_ range: ClosedRange<Duration>) -> SettingsCodec<Duration> {
        SettingsCodec(
            "une durée de \(SettingsUnits.duration(range.lowerBound)) à \(SettingsUnits.duration(range.upperBound))",
            example: "30s, 5min, 6h ou 1j", write: { SettingsUnits.duration($0) }
        ) { text, _ in SettingsUnits.duration(text).flatMap { range.contains($0) ? $0 : nil } }
    }
}

extension SettingsCodec where Value: Hashable {
    /// One of a few words.
    static func choice(_ words: [(String, Value)]) -> SettingsCodec<Value> {
        let list = words.map(\.0).joined(separator: ", ")
        return SettingsCodec(
            "un mot parmi \(list)", example: words[0].0, write: { value in words.first { $0.1 == value }?.0 ?? "" }
        ) { text, _ in words.first { $0.0 == text }?.1 }
    }
}

// MARK: Values of MSSanté

extension SettingsCodec<Domain> {
    /// A domain.
    static let domain = SettingsCodec("un domaine", example: "ch-exemple.mssante.fr", write: { $0.ascii }) { text, _ in
        try? Domain(text)
    }
}

extension SettingsCodec<DirectoryMailAddress> {
    /// A mailbox's address.
    static let mailbox = SettingsCodec(
        "une adresse de boîte aux lettres", example: "exploitation@ch-exemple.mssante.fr", write: { $0.address.text }
    ) { text, _ in try? DirectoryMailAddress(text) }
}

extension SettingsCodec<StructureIdentifier> {
    /// A structure by its type and number.
    static let structure = SettingsCodec(
        "un identifiant de structure (type puis numéro)", example: "1750712184", write: { $0.text }
    ) { text, _ in try? StructureIdentifier(text) }
}

extension SettingsCodec<SettingsAddress> {
    /// Where to listen, or where a local service is.
    static let address = SettingsCodec(
        "une adresse hôte:port, un chemin de socket ou systemd:nom", example: "127.0.0.1:3310", write: { $0.text }
    ) { text, place in SettingsAddress(text, folder: place.folder) }
}

extension SettingsCodec<SettingsTime> {
    /// A time of day.
    static let time = SettingsCodec("une heure HH:MM", example: "\"03:30\"", write: { $0.text }) { text, _ in
        SettingsTime(text)
    }
}
