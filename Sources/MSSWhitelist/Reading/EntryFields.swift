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

    /// By field; `nil` while the field was not met.
    var values: [String?] = Array(repeating: nil, count: Field.allCases.count)

    subscript(field: Field) -> String { values[field.rawValue] ?? "" }
}

/// Makes entries, each distinct name, date and text once: thousands of entries share a few hundred names.
struct EntryInterning {
    private typealias NameResult = (
        result: Result<DistinguishedName, DistinguishedNameError>, irregularities: [DistinguishedNameIrregularity],
        isUsual: Bool
    )

    private var names: [String: NameResult] = [:]
    private var domains: [String: Result<Domain, DomainError>] = [:]
    private var firstEntries: [Pair: Int] = [:]
    private var lastUpdate: (text: String, result: Result<Timestamp, TimestampError>, lacksZone: Bool)?
    /// Update dates met before the list's own date, to be compared with it at the end.
    private(set) var undatedUpdates: [(entry: Int, name: String, updated: Timestamp)] = []

    private struct Pair: Hashable {
        let domain: Domain
        let certificateName: DistinguishedName
    }

    /// The entry; `nil` when it lets nobody in, which the log then tells.
    mutating func entry(
        _ fields: EntryFields, number: Int, generated: Timestamp?, _ log: inout DiagnosticLog
    ) -> WhitelistEntry? {
        for field in EntryFields.Field.allCases where fields[field].utf8.count > WhitelistFormat.expectedFieldLength {
            // The table counts characters.
            if fields[field].unicodeScalars.count > WhitelistFormat.expectedFieldLength {
                log.add(.overlongField(field.label))
            }
        }
        let domain = domain(fields[.name], &log)
        let certificateName = certificateName(fields[.certificateName], &log)
        let updated = updated(fields, number: number, generated: generated, &log)
        guard let domain, let certificateName else { return nil }
        let pair = Pair(domain: domain, certificateName: certificateName)
        if let first = firstEntries[pair] { log.add(.duplicate(of: first)) } else { firstEntries[pair] = number }
        return WhitelistEntry(
            domain: domain, certificateName: certificateName, summary: fields[.summary],
            responsibleContact: fields[.responsible], supportContact: fields[.support], updated: updated)
    }

    private mutating func domain(_ text: String, _ log: inout DiagnosticLog) -> Domain? {
        guard !text.isEmpty else {
            log.add(.emptyName)
            return nil
        }
        let result: Result<Domain, DomainError>
        if let known = domains[text] {
            result = known
        } else {
            do throws(DomainError) { result = .success(try Domain(text)) } catch { result = .failure(error) }
            domains[text] = result
        }
        switch result {
        case .success(let domain):
            if domain.ascii.utf8.count == text.utf8.count, !domain.ascii.utf8.elementsEqual(text.utf8) {
                log.add(.upperCaseName)
            }
            return domain
        case .failure(let error):
            log.add(.invalidName(error))
            return nil
        }
    }

    private mutating func certificateName(_ text: String, _ log: inout DiagnosticLog) -> DistinguishedName? {
        guard !text.isEmpty else {
            log.add(.emptyCertificateName)
            return nil
        }
        let known = names[text] ?? EntryInterning.read(text)
        names[text] = known
        switch known.result {
        case .success(let name):
            for irregularity in known.irregularities { log.add(.irregularCertificateName(irregularity)) }
            if !known.isUsual { log.add(.unusualCertificateName) }
            return name
        case .failure(let error):
            log.add(.invalidCertificateName(error))
            return nil
        }
    }

    private static func read(_ text: String) -> NameResult {
        do throws(DistinguishedNameError) {
            let (name, irregularities) = try DistinguishedName.parse(rfc4514: text)
            let usual: [AttributeType] = [
                .countryName, .stateOrProvinceName, .organizationName, .organizationalUnitName, .commonName,
            ]
            let isUsual = name.relativeNames.map { $0.map(\.type) } == usual.map { [$0] }
            let sorted = DistinguishedNameIrregularity.allCases.filter(irregularities.contains)
            return (.success(name), sorted, isUsual)
        } catch {
            return (.failure(error), [], true)
        }
    }

    private mutating func updated(
        _ fields: EntryFields, number: Int, generated: Timestamp?, _ log: inout DiagnosticLog
    ) -> Timestamp? {
        let text = fields[.updated]
        guard !text.isEmpty else {
            log.add(.missingUpdate)
            return nil
        }
        if lastUpdate?.text != text {
            let (result, lacksZone) = EntryInterning.time(text)
            lastUpdate = (text, result, lacksZone)
        }
        guard let lastUpdate else { return nil }
        if lastUpdate.lacksZone { log.add(.missingZone) }
        switch lastUpdate.result {
        case .success(let time):
            if let generated {
                if time > generated { log.add(.updateAfterGeneration) }
            } else {
                undatedUpdates.append((number, fields[.name], time))
            }
            return time
        case .failure(let error):
            log.add(.invalidUpdate(error))
            return nil
        }
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
