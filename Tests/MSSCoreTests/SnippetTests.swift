import MSSCore
import Testing

@Suite("Snippets of the documentation")
struct SnippetTests {
    @Test("the overview of MSSCore runs")
    func overview() throws {
        // snippet: overview
        let address = try MailAddress("Jean.Dupont@CH-Exemple.mssante.fr")
        let published = try DirectoryMailAddress(address)  // EX_GBM_4300
        let name = try DistinguishedName(rfc4514: "CN=mss.ch-exemple.fr,OU=1750712184,O=CH,ST=Paris (75),C=FR")
        let same = try DistinguishedName(rfc4514: "cn=MSS.ch-exemple.fr, ou=1750712184, o=ch, st=paris (75), c=fr")
        print(address.domain, published.key, name == same, name.structureIdentifier?.text ?? "-")
        // end snippet
        #expect(address.domain.ascii == "ch-exemple.mssante.fr")
        #expect(name == same)
        #expect(name.structureIdentifier?.text == "1750712184")
        #expect(published.key == "jean.dupont@ch-exemple.mssante.fr")
    }
}
