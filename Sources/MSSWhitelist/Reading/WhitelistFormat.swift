import MSSXML

/// The names of the whitelist's XML and the limits of its reader, in one place.
///
/// The schema `listeblanchemssante.xsd` (DR1) is not public: the names are those of the published file and of the
/// Référentiel's tables 42 and 43.
enum WhitelistFormat {
    static let namespace = "https://listeblanche.mssante.fr/schema"
    static let signatureNamespace = "http://www.w3.org/2000/09/xmldsig#"

    /// Most entries read: fifteen times the list of 2025 tenfold.
    static let maximumEntries = 1_000_000
    /// Longest value of a field, in bytes, before the list is refused; the table says 255 characters.
    static let maximumFieldLength = 16_384
    /// Longest value, in characters, that the table allows.
    static let expectedFieldLength = 255
    /// Bytes of an entry in the published list of 2025, as signed: only a first guess at how many there are.
    static let usualEntryLength = 440
    /// Most diagnostics kept: a list that is odd throughout need not be odd at length.
    static let maximumDiagnostics = 10_000

    /// The names known to the reader.
    struct Names {
        let root, versionFormat, generated, list, entry: XMLNameID
        let name, summary, certificateName, responsible, support, updated: XMLNameID
        let signature: XMLNameID

        init(_ vocabulary: inout XMLVocabulary) {
            root = vocabulary.id("ListeBlancheMSSante", in: namespace)
            versionFormat = vocabulary.id("versionFormat", in: namespace)
            generated = vocabulary.id("DateDeGeneration", in: namespace)
            list = vocabulary.id("ListeDomaines", in: namespace)
            entry = vocabulary.id("Domaine", in: namespace)
            name = vocabulary.id("Nom", in: namespace)
            summary = vocabulary.id("Description", in: namespace)
            certificateName = vocabulary.id("DNCertificatOperateur", in: namespace)
            responsible = vocabulary.id("ResponsableContact", in: namespace)
            support = vocabulary.id("SupportContact", in: namespace)
            updated = vocabulary.id("DateMAJ", in: namespace)
            signature = vocabulary.id("Signature", in: signatureNamespace)
        }
    }

    static let (names, vocabulary) = {
        var vocabulary = XMLVocabulary()
        return (Names(&vocabulary), vocabulary)
    }()
}
