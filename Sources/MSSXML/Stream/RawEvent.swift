import CLibXML2Shim

/// Pointers into the batch of a parser: valid until the parser is fed again.
struct RawEvent {
    let record: UnsafePointer<mxml_event>
    let batch: mxml_batch
    let parser: OpaquePointer

    var text: UnsafeBufferPointer<UInt8> { bytes(record.pointee.text_offset, record.pointee.text_length) }

    func attribute(_ name: UInt32) -> String? {
        for attribute in attributeRecords where attribute.name == name {
            return string(attribute.offset, attribute.length)
        }
        return nil
    }

    var attributes: [(name: XMLName, value: String)] {
        attributeRecords.map { (spell($0.name), string($0.offset, $0.length)) }
    }

    var namespaceDeclarations: [(prefix: String, namespace: String)] {
        UnsafeBufferPointer(
            start: batch.namespaces.map { $0 + Int(record.pointee.first_namespace) },
            count: Int(record.pointee.namespaces)
        ).map { (string($0.prefix_offset, $0.prefix_length), string($0.uri_offset, $0.uri_length)) }
    }

    func spell(_ id: UInt32) -> XMLName {
        let name = mxml_parser_name(parser, id)
        let local = String(decoding: UnsafeBufferPointer(start: name.local, count: name.local_length), as: UTF8.self)
        guard let uri = name.uri else { return XMLName(local) }
        return XMLName(
            local, in: String(decoding: UnsafeBufferPointer(start: uri, count: name.uri_length), as: UTF8.self))
    }

    private var attributeRecords: UnsafeBufferPointer<mxml_attribute> {
        UnsafeBufferPointer(
            start: batch.attributes.map { $0 + Int(record.pointee.first_attribute) },
            count: Int(record.pointee.attributes))
    }

    private func bytes(_ offset: UInt32, _ length: UInt32) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: batch.bytes.map { $0 + Int(offset) }, count: batch.bytes == nil ? 0 : Int(length))
    }

    private func string(_ offset: UInt32, _ length: UInt32) -> String {
        String(decoding: bytes(offset, length), as: UTF8.self)
    }
}
