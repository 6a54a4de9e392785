public import MSSCore

/// A structure that mailboxes are attached to: a FINESS entity, an enterprise or an establishment.
public struct Structure: Sendable, Hashable {
    /// The identifier that the directory and the certificates give it.
    public var identifier: StructureIdentifier
    /// The name.
    public var name: String
    /// What a FINESS number designates: from the register, the digits do not tell.
    public var entity: FINESS.Entity?
    /// The juridical entity of a geographic one.
    public var parent: StructureIdentifier?
    /// True when a structure known by SIREN or SIRET is in FINESS too: then its mailboxes go by the FINESS (RG_CTR_033).
    public var isAlsoInFINESS: Bool

    /// A structure.
    public init(
        identifier: StructureIdentifier, name: String, entity: FINESS.Entity? = nil, parent: StructureIdentifier? = nil,
        isAlsoInFINESS: Bool = false
    ) {
        self.identifier = identifier
        self.name = name
        self.entity = entity
        self.parent = parent
        self.isAlsoInFINESS = isAlsoInFINESS
    }
}
