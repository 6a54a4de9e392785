import MSSCore
import MSSXML

/// The texts of one `Domaine` element.
struct EntryFields {
    enum Field: Int, CaseIterable {
        case name, summary, certificateName, responsible, support, updated

        init?(_ id: XMLNameID, _ names: WhitelistFormat.Names) {
            switch id {
            case names.name: self = .name
            case names.summary: self = .summary
            case names.certificateName: self = .certificateName
            case names.responsible: self = .responsible
            case names.support: self = .support
            case names.updated: self = .updated
            default: return nil
            }
        }

        var label: String {
            switch self {
            case .name: "Nom"
            case .summary: "Description"
            case .certificateName: "DNCertificatOperateur"
            case .responsible: "ResponsableContact"
            case .support: "SupportContact"
            case .updated: "DateMAJ"
            }
        }
    }

    /// Numbers of texts, by field; -1 while the field was not met.
    private var values = SIMD8<Int32>(repeating: -1)

    /// Whether a field was met.
    func has(_ field: Field) -> Bool { values[field.rawValue] >= 0 }

    /// The number of a field's text: the empty one's when it was not met.
    subscript(field: Field) -> Int32 {
        get { max(values[field.rawValue], TextPool.empty) }
        set { values[field.rawValue] = newValue }
    }
}

/// Makes entries, each distinct name, date and text judged once.
struct EntryInterning {
    /// The texts of the list.
    var texts = TextPool()
    /// The entries made.
    private(set) var entries: [WhitelistEntry] = []
    /// Their domains and certificate names, numbered.
    private(set) var keys = EntryKeys()
    /// Update dates met before the list's own date, to be compared with it at the end.
    private(set) var undatedUpdates: [(entry: Int, name: String, updated: Timestamp)] = []

    private var domains = Judgements<JudgedDomain>()
    private var names = Judgements<JudgedName>()
    private var times = Judgements<JudgedTime>()
    /// The numbers of domains and certificate names in ``keys``, by the text they were written with: most entries repeat
    /// a name letter by letter, and hashing a name costs more than anything else here.
    private var domainKeys = Judgements<Int32>()
    private var nameKeys = Judgements<Int32>()
    /// The pairs of domain and certificate name met, and the number of the first entry of each.
    private var pairs = Numbering<EntryKeys.Pair>()
    private var firstEntries: [Int] = []

    private struct JudgedDomain {
        let result: Result<Domain, DomainError>
        let isUpperCase: Bool
    }

    private struct JudgedName {
        let result: Result<DistinguishedName, DistinguishedNameError>
        let irregularities: [DistinguishedNameIrregularity]
        let isUsual: Bool
    }

    private struct JudgedTime {
        let result: Result<Timestamp, TimestampError>
        let lacksZone: Bool
    }

    /// Makes room for the entries of a document: growing tables costs as much as filling them.
    mutating func reserve(forDocumentOf bytes: Int) {
        let count = bytes / WhitelistFormat.usualEntryLength
        entries.reserveCapacity(count)
        pairs.reserveCapacity(count)
        firstEntries.reserveCapacity(count)
        keys.reserveCapacity(count)
    }

    /// Makes an entry; none when it lets nobody in, which the log then tells.
    mutating func add(_ fields: EntryFields, number: Int, generated: Timestamp?, _ log: inout DiagnosticLog) {
        for field in EntryFields.Field.allCases where texts.length(fields[field]) > WhitelistFormat.expectedFieldLength
        {
            // The table counts characters.
            if texts.string(fields[field]).unicodeScalars.count > WhitelistFormat.expectedFieldLength {
                log.add(.overlongField(field.label))
            }
        }
        let domain = domain(fields[.name], &log)
        let certificateName = certificateName(fields[.certificateName], &log)
        let updated = updated(fields, number: number, generated: generated, &log)
        guard let domain, let certificateName else { return }
        // Numbered only now: what no entry has is not in the list.
        let pair = pair(fields, domain, certificateName)
        let known = Int(pairs.number(of: pair))
        let isRepeated = known < firstEntries.count
        if isRepeated { log.add(.duplicate(of: firstEntries[known])) } else { firstEntries.append(number) }
        keys.append(pair, isRepeated: isRepeated)
        entries.append(
            WhitelistEntry(
                domain: domain, certificateName: certificateName, summary: texts.string(fields[.summary]),
                responsibleContact: texts.string(fields[.responsible]), supportContact: texts.string(fields[.support]),
                updated: updated))
    }

    private mutating func pair(
        _ fields: EntryFields, _ domain: Domain, _ certificateName: DistinguishedName
    ) -> EntryKeys.Pair {
        let domainKey = domainKeys[fields[.name]] ?? keys.number(of: domain)
        let nameKey = nameKeys[fields[.certificateName]] ?? keys.number(of: certificateName)
        domainKeys[fields[.name]] = domainKey
        nameKeys[fields[.certificateName]] = nameKey
        return EntryKeys.Pair(domain: domainKey, certificateName: nameKey)
    }

    private mutating func domain(_ text: Int32, _ log: inout DiagnosticLog) -> Domain? {
        guard text != TextPool.empty else {
            log.add(.emptyName)
            return nil
        }
        let judged = domains[text] ?? judgeDomain(text)
        switch judged.result {
        case .success(let domain):
            if judged.isUpperCase { log.add(.upperCaseName) }
            return domain
        case .failure(let error):
            log.add(.invalidName(error))
            return nil
        }
    }

    private mutating func judgeDomain(_ number: Int32) -> JudgedDomain {
        let text = texts.string(number)
        let judged: JudgedDomain
        do throws(DomainError) {
            let domain = try Domain(text)
            let isUpperCase = domain.ascii.utf8.count == text.utf8.count && domain.ascii != text
            judged = JudgedDomain(result: .success(domain), isUpperCase: isUpperCase)
        } catch {
            judged = JudgedDomain(result: .failure(error), isUpperCase: false)
        }
        domains[number] = judged
        return judged
    }

    private mutating func certificateName(_ text: Int32, _ log: inout DiagnosticLog) -> DistinguishedName? {
        guard text != TextPool.empty else {
            log.add(.emptyCertificateName)
            return nil
        }
        let judged = names[text] ?? judgeName(text)
        switch judged.result {
        case .success(let name):
            for irregularity in judged.irregularities { log.add(.irregularCertificateName(irregularity)) }
            if !judged.isUsual { log.add(.unusualCertificateName) }
            return name
        case .failure(let error):
            log.add(.invalidCertificateName(error))
            return nil
        }
    }

    private mutating func judgeName(_ number: Int32) -> JudgedName {
        let judged: JudgedName
        do throws(DistinguishedNameError) {
            let (name, irregularities) = try DistinguishedName.parse(rfc4514: texts.string(number))
            let usual: [AttributeType] = [
                .countryName, .stateOrProvinceName, .organizationName, .organizationalUnitName, .commonName,
            ]
            judged = JudgedName(
                result: .success(name),
                irregularities: DistinguishedNameIrregularity.allCases.filter(irregularities.contains),
                isUsual: name.relativeNames.map { $0.map(\.type) } == usual.map { [$0] })
        } catch {
            judged = JudgedName(result: .failure(error), irregularities: [], isUsual: true)
        }
        names[number] = judged
        return judged
    }

    private mutating func updated(
        _ fields: EntryFields, number: Int, generated: Timestamp?, _ log: inout DiagnosticLog
    ) -> Timestamp? {
        let text = fields[.updated]
        guard text != TextPool.empty else {
            log.add(.missingUpdate)
            return nil
        }
        let judged = times[text] ?? judgeTime(text)
        if judged.lacksZone { log.add(.missingZone) }
        switch judged.result {
        case .success(let time):
            if let generated {
                if time > generated { log.add(.updateAfterGeneration) }
            } else {
                undatedUpdates.append((number, texts.string(fields[.name]), time))
            }
            return time
        case .failure(let error):
            log.add(.invalidUpdate(error))
            return nil
        }
    }

    private mutating func judgeTime(_ number: Int32) -> JudgedTime {
        let (result, lacksZone) = EntryInterning.time(texts.string(number))
        let judged = JudgedTime(result: result, lacksZone: lacksZone)
        times[number] = judged
        return judged
    }

    /// A date of the list; one without zone counts as UTC, which the caller tells.
    static func time(_ text: String) -> (result: Result<Timestamp, TimestampError>, lacksZone: Bool) {
        do throws(TimestampError) {
            return (.success(try Timestamp(xsdDateTime: text)), false)
        } catch .missingZone {
            do throws(TimestampError) {
                return (.success(try Timestamp(xsdDateTime: text, offsetWhenMissing: 0)), true)
            } catch { return (.failure(error), false) }
        } catch { return (.failure(error), false) }
    }
}

/// What was found out about texts, by their numbers.
private struct Judgements<Judgement> {
    private var values: [Judgement] = []
    private var places: [Int32] = []

    subscript(text: Int32) -> Judgement? {
        get {
            guard Int(text) < places.count, places[Int(text)] >= 0 else { return nil }
            return values[Int(places[Int(text)])]
        }
        set {
            guard let newValue else { return }
            if Int(text) >= places.count {
                places.append(contentsOf: repeatElement(-1, count: Int(text) + 1 - places.count))
            }
            guard places[Int(text)] < 0 else { return }  // judged once
            places[Int(text)] = Int32(values.count)
            values.append(newValue)
        }
    }
}
