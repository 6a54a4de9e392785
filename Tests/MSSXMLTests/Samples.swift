/// Documents shaped like the published whitelist (facts.md), made here.
enum Samples {
    static let namespace = "https://listeblanche.mssante.fr/schema"
    static let head = Array(
        """
        <?xml version="1.0" encoding="UTF-8"?><ListeBlancheMSSante xmlns="\(namespace)">
            <DateDeGeneration>2026-03-13T14:54:10Z</DateDeGeneration>
            <ListeDomaines>

        """.utf8)
    static let tail = Array("    </ListeDomaines>\n</ListeBlancheMSSante>\n".utf8)

    static func domains(_ count: Int) -> [UInt8] {
        var text = ""
        for index in 0..<count {
            text += """
                        <Domaine>
                            <Nom>hopital-\(index).mssante.fr</Nom>
                            <Description>CENTRE HOSPITALIER N° \(index) &amp; ANNEXES</Description>
                            <DNCertificatOperateur>CN=h\(index).fr,OU=31831002130\(index),O=GIP É,ST=Haute-Garonne (31),C=FR</DNCertificatOperateur>
                            <ResponsableContact/>
                            <SupportContact/>
                            <DateMAJ>2026-03-13T14:54:10Z</DateMAJ>
                        </Domaine>

                """
        }
        return Array(text.utf8)
    }

    static func list(domains count: Int) -> [UInt8] { head + domains(count) + tail }
}
