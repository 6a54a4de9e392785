public import MSSAccounts
import MSSCore

extension PersonIdentity {
    /// The identity that `SubjectNameID` gives: RPPS or ADELI, or for holders of a structure's card (types 3, 4 and 5 of
    /// nomenclature G08) the structure's number, a slash and the name that the structure gave.
    public init?(subjectNameID text: some StringProtocol) {
        switch text.first {
        case "0", "8":
            guard let identifier = try? PersonIdentifier(text) else { return nil }
            self = .national(identifier)
        case "3", "4", "5":
            let parts = text.dropFirst().split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[1].isEmpty else { return nil }
            // G08 counts structures from 3 where G07 counts from 1.
            let type = text.first == "3" ? "1" : text.first == "4" ? "2" : "3"
            guard let structure = try? StructureIdentifier(type: type, number: parts[0]),
                let identity = try? PersonIdentity("L\(structure.text):\(parts[1])")
            else { return nil }
            self = identity
        default: return nil
        }
    }

    /// The identity as `SubjectNameID` gives it; `nil` for one that no card has.
    public var subjectNameID: String? {
        // A national identifier is itself; « L1 » and a FINESS is « 3 » and the same.
        guard text.first == "L" else { return PersonIdentity(subjectNameID: text) == self ? text : nil }
        let parts = text.dropFirst().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let type = parts[0].first.flatMap({ $0.wholeNumberValue }) else { return nil }
        let name = "\(type + 2)\(parts[0].dropFirst())/\(parts[1])"
        return PersonIdentity(subjectNameID: name) == self ? name : nil
    }
}
