/// What a section of the settings is made of: one table from which the settings are read, checked, written with their
/// comments, and compared (decision 0170).
protocol SettingsSection: Sendable, Hashable {
    /// The defaults; keys that are required have none that is used.
    init()
    /// The keys, in the order in which they are written.
    static var fields: [SettingsField<Self>] { get }
}

/// What a value is in the file.
indirect enum SettingsText: Sendable, Hashable {
    case text(String)
    case list([String])
    case section([(field: String, comment: String, value: SettingsText, isDefault: Bool)])
    case sections([SettingsText])

    static func == (left: SettingsText, right: SettingsText) -> Bool {
        switch (left, right) {
        case (.text(let left), .text(let right)): left == right
        case (.list(let left), .list(let right)): left == right
        case (.sections(let left), .sections(let right)): left == right
        case (.section(let left), .section(let right)):
            left.elementsEqual(right) { $0.field == $1.field && $0.value == $1.value }
        default: false
        }
    }

    func hash(into hasher: inout Hasher) {
        switch self {
        case .text(let text): hasher.combine(text)
        case .list(let texts): hasher.combine(texts)
        case .sections(let sections): hasher.combine(sections)
        case .section(let parts): for part in parts { hasher.combine(part.value) }
        }
    }
}

/// Where a value is read: its key from the top, and the folder that relative paths start from.
struct SettingsPlace {
    var key: String
    var line: Int?
    var folder: String

    func fault(_ problem: String, _ remedy: String, line: Int? = nil) -> SettingsFault {
        SettingsFault(key: key, line: line ?? self.line, problem: problem, remedy: remedy)
    }

    func below(_ key: String, line: Int?) -> SettingsPlace {
        SettingsPlace(key: self.key.isEmpty ? key : "\(self.key).\(key)", line: line, folder: folder)
    }

    func item(_ index: Int, line: Int?) -> SettingsPlace {
        SettingsPlace(key: "\(key)[\(index)]", line: line, folder: folder)
    }
}

/// One key of a section.
struct SettingsField<Section: Sendable>: Sendable {
    let key: String
    let comment: String
    let isRequired: Bool
    /// Whether a change holds from a reload on; otherwise it waits for a restart.
    let isLive: Bool
    let read: @Sendable (inout Section, SettingsNode, SettingsPlace) -> [SettingsFault]
    /// `nil`: not given.
    let write: @Sendable (Section) -> SettingsText?
    /// Keys below that differ between two values and need a restart.
    let differences: @Sendable (Section, Section) -> [(key: String, isLive: Bool)]

    /// A value.
    init<Value: Hashable & Sendable>(
        _ key: String, _ path: any WritableKeyPath<Section, Value> & Sendable, _ codec: SettingsCodec<Value>,
        _ comment: String, required: Bool = false, live: Bool = false
    ) {
        self.init(
            key, comment, required, live,
            read: { section, node, place in
                switch codec.read(node, place) {
                case .success(let value):
                    section[keyPath: path] = value
                    return []
                case .failure(let fault): return [fault]
                }
            }, write: { codec.write($0[keyPath: path]) },
            differences: { $0[keyPath: path] == $1[keyPath: path] ? [] : [(key, live)] })
    }

    /// A value that may be left out.
    init<Value: Hashable & Sendable>(
        _ key: String, _ path: any WritableKeyPath<Section, Value?> & Sendable, optional codec: SettingsCodec<Value>,
        _ comment: String, live: Bool = false
    ) {
        self.init(
            key, comment, false, live,
            read: { section, node, place in
                switch codec.read(node, place) {
                case .success(let value):
                    section[keyPath: path] = value
                    return []
                case .failure(let fault): return [fault]
                }
            }, write: { section in section[keyPath: path].map { codec.write($0) } },
            differences: { $0[keyPath: path] == $1[keyPath: path] ? [] : [(key, live)] })
    }

    /// A list of values.
    init<Value: Hashable & Sendable>(
        _ key: String, _ path: any WritableKeyPath<Section, [Value]> & Sendable, list codec: SettingsCodec<Value>,
        atLeast least: Int = 0, _ comment: String, required: Bool = false, live: Bool = false
    ) {
        self.init(key, path, codec.list(atLeast: least), comment, required: required, live: live)
    }

    /// A section below.
    init<Below: SettingsSection>(
        _ key: String, section path: any WritableKeyPath<Section, Below> & Sendable, _ comment: String,
        required: Bool = false
    ) {
        self.init(
            key, comment, required, false,
            read: { section, node, place in
                let (value, faults) = SettingsReading.section(Below.self, node, place)
                section[keyPath: path] = value
                return faults
            }, write: { SettingsWriting.section($0[keyPath: path]) },
            differences: { left, right in
                Below.fields.flatMap { $0.differences(left[keyPath: path], right[keyPath: path]) }
                    .map { ("\(key).\($0.key)", $0.isLive) }
            })
    }

    /// Sections below, as a list.
    init<Below: SettingsSection>(
        _ key: String, sections path: any WritableKeyPath<Section, [Below]> & Sendable, _ comment: String,
        required: Bool = false, live: Bool = false
    ) {
        self.init(
            key, comment, required, live,
            read: { section, node, place in
                guard case .list(let nodes, _) = node else {
                    return [place.fault("une liste est attendue", "écrivez chaque élément après un tiret")]
                }
                if required, nodes.isEmpty { return [place.fault("la liste est vide", "donnez un élément au moins")] }
                var faults: [SettingsFault] = []
                section[keyPath: path] = nodes.enumerated().map { index, node in
                    let (value, found) = SettingsReading.section(
                        Below.self, node, place.item(index, line: node.line ?? place.line))
                    faults += found
                    return value
                }
                return faults
            }, write: { section in .sections(section[keyPath: path].map { SettingsWriting.section($0) }) },
            differences: { $0[keyPath: path] == $1[keyPath: path] ? [] : [(key, live)] })
    }

    private init(
        _ key: String, _ comment: String, _ isRequired: Bool, _ isLive: Bool,
        read: @escaping @Sendable (inout Section, SettingsNode, SettingsPlace) -> [SettingsFault],
        write: @escaping @Sendable (Section) -> SettingsText?,
        differences: @escaping @Sendable (Section, Section) -> [(key: String, isLive: Bool)]
    ) {
        self.key = key
        self.comment = comment
        self.isRequired = isRequired
        self.isLive = isLive
        self.read = read
        self.write = write
        self.differences = differences
    }
}

/// Reads sections from YAML by their tables.
enum SettingsReading {
    static func section<Section: SettingsSection>(
        _ type: Section.Type, _ node: SettingsNode, _ place: SettingsPlace
    ) -> (Section, [SettingsFault]) {
        var section = Section()
        guard case .mapping(let entries, _) = node else {
            return (
                section,
                [place.fault("des clés sont attendues ici", "écrivez-les dessous, décalées de deux espaces")]
            )
        }
        var faults: [SettingsFault] = []
        for entry in entries {
            let below = place.below(entry.key, line: entry.line)
            guard let field = Section.fields.first(where: { $0.key == entry.key }) else {
                faults.append(unknown(entry.key, Section.fields.map(\.key), below))
                continue
            }
            if case .text("", _) = entry.value {
                faults.append(below.fault("la clé n'a pas de valeur", "donnez-en une ou retirez la ligne"))
                continue
            }
            faults += field.read(&section, entry.value, below)
        }
        for field in Section.fields where field.isRequired && !entries.contains(where: { $0.key == field.key }) {
            let below = place.below(field.key, line: node.line)
            let what = field.comment.prefix { $0 != "." }
            faults.append(below.fault("la clé manque", "ajoutez-la (\(what))"))
        }
        return (section, faults)
    }

    /// An unknown key, with the key that was probably meant.
    private static func unknown(_ key: String, _ known: [String], _ place: SettingsPlace) -> SettingsFault {
        let near = known.map { (name: $0, distance: distance(key.lowercased(), $0)) }.min { $0.distance < $1.distance }
        if let near, near.distance <= max(1, near.name.count / 3) {
            return place.fault("cette clé n'existe pas", "vouliez-vous dire « \(near.name) » ?")
        }
        return place.fault("cette clé n'existe pas", "clés admises ici : \(known.joined(separator: ", "))")
    }

    /// Levenshtein's distance.
    private static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.prefix(64)), Array(right))
        var row = Array(0...right.count)
        for (index, character) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for (column, other) in right.enumerated() {
                let above = row[column + 1]
                row[column + 1] = min(above + 1, row[column] + 1, diagonal + (character == other ? 0 : 1))
                diagonal = above
            }
        }
        return row[right.count]
    }
}
