import Testing

import MSSXML

@Suite("XML Schema")
struct XMLSchemaTests {
    private let list = """
        <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="urn:l" xmlns:t="urn:t" targetNamespace="urn:l"
            elementFormDefault="qualified">
          <xs:import namespace="urn:t" schemaLocation="../types/t.xsd"/>
          <xs:include schemaLocation="entry.xsd"/>
          <xs:element name="L"><xs:complexType><xs:sequence>
            <xs:element name="D" type="xs:dateTime"/>
            <xs:element name="E" type="Entry" maxOccurs="unbounded"/>
          </xs:sequence></xs:complexType></xs:element>
        </xs:schema>
        """
    private let types = """
        <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t">
          <xs:simpleType name="Domain"><xs:restriction base="xs:string"><xs:pattern value="[a-z0-9.-]+"/></xs:restriction></xs:simpleType>
        </xs:schema>
        """
    private let entry = """
        <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:t="urn:t" xmlns="urn:l" targetNamespace="urn:l">
          <xs:import namespace="urn:t" schemaLocation="../types/t.xsd"/>
          <xs:simpleType name="Entry"><xs:restriction base="t:Domain"/></xs:simpleType>
        </xs:schema>
        """

    private func schema() throws -> XMLSchema {
        try XMLSchema(list.utf8) { location, namespace in
            switch (location, namespace) {
            case ("../types/t.xsd", "urn:t"): Array(types.utf8)
            case ("entry.xsd", "urn:l"): Array(entry.utf8)
            default: nil
            }
        }
    }

    @Test("Imports and includes come from the resolver; errors carry their line")
    func lines() throws {
        let schema = try schema()
        #expect(try schema.validate("<L xmlns='urn:l'><D>2026-01-01T00:00:00Z</D><E>a.fr</E></L>".utf8) == [])
        let violations = try schema.validate(
            "<L xmlns='urn:l'>\n<D>yesterday</D>\n<E>a.fr</E>\n\n<E>A_B</E><F/>\n</L>".utf8)
        #expect(Set(violations.map(\.line)) == [2, 5])
        #expect(violations.count >= 3)
        #expect(violations.allSatisfy { $0.code >= 1700 && !$0.message.isEmpty && !$0.description.contains("A_B") })
    }

    @Test("Lines beyond 65,535 are exact")
    func farLines() throws {
        let filler = String(repeating: "<E>a</E>\n", count: 70_000)
        let violations = try schema().validate(
            "<L xmlns='urn:l'><D>2026-01-01T00:00:00Z</D>\n\(filler)<E>A</E></L>".utf8)
        #expect(Set(violations.map(\.line)) == [70_002])
    }

    @Test("A location that the resolver does not have is never read, whatever it names")
    func unresolved() throws {
        for location in [
            "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1:9/x.xsd", "mss-schema:0", "mss-schema:7",
        ] {
            let text =
                "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:include schemaLocation='\(location)'/></xs:schema>"
            #expect(throws: XMLSchema.Failure.unresolved(location: location, namespace: nil)) {
                _ = try XMLSchema(text.utf8)
            }
        }
        let other = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:import namespace='urn:x'/></xs:schema>"
        #expect(throws: XMLSchema.Failure.unresolved(location: nil, namespace: "urn:x")) {
            _ = try XMLSchema(other.utf8)
        }
    }

    @Test("Locations in the document validated are not followed")
    func instanceLocations() throws {
        let document = """
            <L xmlns='urn:l' xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:schemaLocation='urn:z /etc/passwd'>\
            <D>2026-01-01T00:00:00Z</D><E>a</E></L>
            """
        #expect(try schema().validate(document.utf8) == [])
    }

    @Test("A schema with a DTD, or that is no schema, is refused; a ring of inclusions ends")
    func badSchemas() throws {
        #expect(throws: XMLSchema.Failure.self) {
            _ = try XMLSchema("<!DOCTYPE a [<!ENTITY e SYSTEM '/etc/passwd'>]><a/>".utf8)
        }
        #expect(throws: XMLSchema.Failure.self) { _ = try XMLSchema("<a/>".utf8) }
        func ring(_ next: String, _ name: String) -> [UInt8] {
            let xs = "http://www.w3.org/2001/XMLSchema"
            return Array(
                "<xs:schema xmlns:xs='\(xs)'><xs:include schemaLocation='\(next)'/><xs:element name='\(name)'/></xs:schema>"
                    .utf8)
        }
        let schema = try XMLSchema(ring("2", "a"), at: "1") { _, _ in ring("1", "c") }
        #expect(try schema.validate("<c/>".utf8) == [])
        #expect(try schema.validate("<a/>".utf8) == [])
        #expect(try schema.validate("<b/>".utf8).isEmpty == false)
        var count = 0
        #expect(throws: XMLSchema.Failure.tooManyDocuments) {
            _ = try XMLSchema(ring("0", "a")) { _, _ in
                count += 1
                return ring("\(count)", "e\(count)")
            }
        }
        #expect(throws: XMLFailure.self) { _ = try schema.validate("<a>".utf8) }
    }

    @Test("One schema serves many threads")
    func threads() async throws {
        let schema = try schema()
        let right = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<64 {
                group.addTask {
                    let text = "<L xmlns='urn:l'><D>2026-01-01T00:00:00Z</D><E>\(index % 2 == 0 ? "a" : "A")</E></L>"
                    return (try? schema.validate(text.utf8).isEmpty) == (index % 2 == 0)
                }
            }
            return await group.reduce(true) { $0 && $1 }
        }
        #expect(right)
    }
}
