public import MSSZIP

/// What a structured message carries.
public struct StructuredContent: Sendable {
    /// The archive, opened and checked.
    public let archive: XDMArchive
    /// The PDF attachments: indices into ``Message/parts``.
    public let pdfParts: [Int]
    /// Whether there is a PDF for each document (Référentiel §4.7).
    public var hasPDFForEachDocument: Bool { pdfParts.count >= archive.documents.count }
}

extension Message {
    /// The parts that hold an IHE XDM archive by their file name: indices into ``parts``. Attached messages are not
    /// searched.
    public var xdmParts: [Int] {
        topLevelLeaves.filter { XDMArchive.isAttachmentName($0.filename ?? "") }.map(\.index)
    }

    /// Opens the structured content of the message.
    ///
    /// Throws ``StructuredMessageFailure/noArchive`` or ``StructuredMessageFailure/severalArchives`` (a message carries
    /// one, Référentiel §4.7), and what ``XDMArchive`` throws.
    public func structuredContent(limits: ZIPLimits = XDMArchive.limits) throws -> StructuredContent {
        let archives = xdmParts
        guard let first = archives.first else { throw StructuredMessageFailure.noArchive }
        guard archives.count == 1 else { throw StructuredMessageFailure.severalArchives }
        let archive = try XDMArchive(opening: content(of: parts[first]), limits: limits)
        let pdfs = topLevelLeaves.filter {
            $0.contentType.essence == "application/pdf" || ($0.filename ?? "").lowercased().hasSuffix(".pdf")
        }
        return StructuredContent(archive: archive, pdfParts: pdfs.map(\.index))
    }

    private var topLevelLeaves: [MessagePart] {
        parts.filter { part in
            guard part.kind == .leaf else { return false }
            var parent = part.parent
            while let index = parent {
                if parts[index].kind == .message { return false }
                parent = parts[index].parent
            }
            return true
        }
    }
}
