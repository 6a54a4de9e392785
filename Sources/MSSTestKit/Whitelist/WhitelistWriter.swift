internal import MSSCore

/// Writes a list in the published file's layout: declaration and root on one line, four spaces a level, empty elements
/// for the contacts, one final newline (Référentiel §6.6, tables 42 and 43; the file of March 2025).
public enum WhitelistWriter {
    /// The namespace of the published file.
    public static let namespace = "https://listeblanche.mssante.fr/schema"

    /// The unsigned list, UTF-8.
    public static func write(_ list: TestWhitelist) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(512 * (list.entries.count + 1))
        func line(_ indentation: Int, _ text: String) {
            output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 4 * indentation))
            output += text.utf8
            output.append(UInt8(ascii: "\n"))
        }
        line(0, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListeBlancheMSSante xmlns=\"\(namespace)\">")
        if let version = list.formatVersion { line(1, "<versionFormat>\(XMLText.content(version))</versionFormat>") }
        line(1, "<DateDeGeneration>\(list.generated.xsdDateTime)</DateDeGeneration>")
        line(1, "<ListeDomaines>")
        for entry in list.entries {
            line(2, "<Domaine>")
            line(3, "<Nom>\(XMLText.content(entry.name))</Nom>")
            line(3, "<Description>\(XMLText.content(entry.description))</Description>")
            line(3, "<DNCertificatOperateur>\(XMLText.content(entry.certificateName))</DNCertificatOperateur>")
            line(3, "<ResponsableContact/>")
            line(3, "<SupportContact/>")
            line(3, "<DateMAJ>\(entry.updated.xsdDateTime)</DateMAJ>")
            line(2, "</Domaine>")
        }
        line(1, "</ListeDomaines>")
        line(0, "</ListeBlancheMSSante>")
        return output
    }
}
