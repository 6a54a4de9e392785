import Glibc
package import MSSXML

/// What the signer of a document of the usual shape digested, found by its bytes: the document without its declaration and
/// without the signature, each `<a/>` written as `<a></a>`.
///
/// A guess, no canonicalisation (Decision 0025): it is worth nothing until its digest is found to be the one that was signed.
/// Then it is, byte for byte, what the signer digested, whatever the document around it. A document that is written otherwise
/// (quotes, references, comments, order of attributes) makes a wrong guess or none, and libxml2 canonicalises it.
package struct LikelyForm {
    /// The bytes that the signer is likely to have digested.
    package let bytes: [UInt8]
    /// A document of the root's start tag, the signature and the root's end tag, for who checks the signature.
    package let outline: [UInt8]

    /// Cuts a document: one pass over its tags.
    ///
    /// - Returns: `nil` when the document has not the usual shape (declaration, root, one `Signature` child of the root and
    ///   no other element of that name, no comment, instruction or carriage return), or passes a limit.
    package init?(_ document: UnsafeBufferPointer<UInt8>, limits: XMLLimits) {
        guard let base = document.baseAddress, UInt64(document.count) <= limits.totalBytes,
            // XML 1.0 §2.11 rewrites line ends.
            memchr(base, 0x0D, document.count) == nil
        else { return nil }
        var outline: [UInt8]?
        // `<a/>` becomes less than twice as long.
        bytes = [UInt8](unsafeUninitializedCapacity: 2 * document.count) { form, count in
            var cutting = Cutting(document, limits, into: form)
            outline = cutting.outline()
            count = cutting.written
        }
        guard let outline else { return nil }
        self.outline = outline
    }

    /// Cuts a document that is not at hand as one piece of memory.
    package init?(_ document: some Sequence<UInt8>, limits: XMLLimits) {
        let form =
            document.withContiguousStorageIfAvailable { LikelyForm($0, limits: limits) }
            ?? Array(document).withUnsafeBufferPointer { LikelyForm($0, limits: limits) }
        guard let form else { return nil }
        self = form
    }
}

/// The pass over a document's tags.
private struct Cutting {
    /// How many bytes of the form are written.
    private(set) var written = 0

    private let document: UnsafeBufferPointer<UInt8>
    private let limits: XMLLimits
    private let form: UnsafeMutableBufferPointer<UInt8>
    /// What stands before is in the form, or left out.
    private var copied = 0
    private var depth = 0
    private var tags: UInt64 = 0
    private var rootTag = 0..<0
    private var signature = 0..<0
    private var isInSignature = false

    init(
        _ document: UnsafeBufferPointer<UInt8>, _ limits: XMLLimits, into form: UnsafeMutableBufferPointer<UInt8>
    ) {
        self.document = document
        self.limits = limits
        self.form = form
    }

    /// Writes the form; the outline, or `nil` for another shape.
    mutating func outline() -> [UInt8]? {
        var position = whiteSpaceEnd(from: declarationEnd())
        copied = position
        while position < document.count, document[position] == UInt8(ascii: "<"), position + 1 < document.count,
            let end = find(UInt8(ascii: ">"), from: position + 1), end - position < limits.markupLength
        {
            let tag = position..<end + 1
            tags += 1
            // As libxml2 counts: an element, and the text beside it.
            guard 2 * tags <= limits.nodeCount else { return nil }
            switch document[position + 1] {
            case UInt8(ascii: "!"), UInt8(ascii: "?"): return nil
            case UInt8(ascii: "/"):
                guard endTag(tag) else { return nil }
                if depth == 0 { return ended(by: tag) }
            default: guard startTag(tag) else { return nil }
            }
            guard let next = find(UInt8(ascii: "<"), from: tag.upperBound),
                next - tag.upperBound <= limits.textLength
            else { return nil }
            position = next
        }
        return nil
    }

    /// Where the declaration ends, if it is one of the usual.
    private func declarationEnd() -> Int {
        for usual in ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<?xml version=\"1.0\"?>"] as [StaticString]
        where document.count >= usual.utf8CodeUnitCount
            && memcmp(document.baseAddress!, usual.utf8Start, usual.utf8CodeUnitCount) == 0
        {
            return usual.utf8CodeUnitCount
        }
        return 0
    }

    private mutating func startTag(_ tag: Range<Int>) -> Bool {
        let isEmpty = document[tag.upperBound - 2] == UInt8(ascii: "/")
        let name = self.name(of: tag)
        if isSignature(name) {
            // One, the root's child (as SignatureShape demands).
            guard depth == 1, signature.isEmpty, !isEmpty else { return false }
            isInSignature = true
            signature = tag
            write(copied..<tag.lowerBound)
        }
        guard depth < limits.depth else { return false }
        if depth == 0 { rootTag = tag }
        if !isEmpty {
            depth += 1
            return true
        }
        guard depth > 0 else { return false }
        if !isInSignature {
            var end = tag.upperBound - 2
            while end > name.upperBound, isSpace(document[end - 1]) { end -= 1 }
            write(copied..<end)
            write("></")
            write(name)
            write(">")
            copied = tag.upperBound
        }
        return true
    }

    private mutating func endTag(_ tag: Range<Int>) -> Bool {
        guard depth > 0 else { return false }
        depth -= 1
        if isInSignature, depth == 1 {
            isInSignature = false
            signature = signature.lowerBound..<tag.upperBound
            copied = tag.upperBound
        }
        return true
    }

    /// The outline, when a signature was met and nothing follows the root.
    private mutating func ended(by tag: Range<Int>) -> [UInt8]? {
        guard !signature.isEmpty, whiteSpaceEnd(from: tag.upperBound) == document.count else { return nil }
        write(copied..<tag.upperBound)
        return Array(document[rootTag]) + document[signature] + document[tag]
    }

    // MARK: Bytes

    private func name(of tag: Range<Int>) -> Range<Int> {
        var end = tag.lowerBound + 1
        while end < tag.upperBound - 1, !isSpace(document[end]), document[end] != UInt8(ascii: "/") { end += 1 }
        return tag.lowerBound + 1..<end
    }

    /// Whether a name is `Signature`, with any prefix or none.
    private func isSignature(_ name: Range<Int>) -> Bool {
        let local: StaticString = "Signature"
        let length = local.utf8CodeUnitCount
        guard name.count >= length else { return false }
        let start = name.upperBound - length
        return memcmp(document.baseAddress! + start, local.utf8Start, length) == 0
            && (start == name.lowerBound || document[start - 1] == UInt8(ascii: ":"))
    }

    private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x09 }

    private func whiteSpaceEnd(from start: Int) -> Int {
        var end = start
        while end < document.count, isSpace(document[end]) { end += 1 }
        return end
    }

    private func find(_ byte: UInt8, from start: Int) -> Int? {
        // A document without bytes is refused by the caller.
        let base = document.baseAddress!
        guard let found = memchr(base + start, CInt(byte), document.count - start) else { return nil }
        return base.distance(to: found.assumingMemoryBound(to: UInt8.self))
    }

    private mutating func write(_ range: Range<Int>) {
        memcpy(form.baseAddress! + written, document.baseAddress! + range.lowerBound, range.count)
        written += range.count
    }

    private mutating func write(_ text: StaticString) {
        memcpy(form.baseAddress! + written, text.utf8Start, text.utf8CodeUnitCount)
        written += text.utf8CodeUnitCount
    }
}
