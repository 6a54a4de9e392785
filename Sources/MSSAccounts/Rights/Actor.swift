public import MSSCore

/// Who asks for something.
public enum Actor: Sendable, Hashable {
    /// A person, authenticated.
    case person(PersonID)
    /// A software, by the structure in the `OU` of its ORG AUTH_CLI certificate (EX_LPS_1200 step 4).
    case application(structure: StructureIdentifier)
    /// An administrator, under a personal name (EX_SSI_5155).
    case administrator(String)
    /// The operator's own jobs: life cycle, directory reports, bulk loading.
    case system

    /// The form kept in traces.
    public var text: String {
        switch self {
        case .person(let id): "person:\(id.rawValue)"
        case .application(let structure): "application:\(structure.text)"
        case .administrator(let name): "administrator:\(name)"
        case .system: "system"
        }
    }
}

/// What an administrator's account is for: the operation of the service in parts, so that nobody has more rights than the
/// work needs (EX_SSI_5155, 1.7 draft). None of them opens a message.
public enum AdministratorDuty: String, Sendable, Hashable, CaseIterable {
    /// Structures.
    case structures
    /// Persons and their authorisation.
    case persons
    /// Mailboxes, their holders and settings.
    case mailboxes
    /// Suspending mailboxes and lifting suspensions.
    case suspensions
    /// Bulk loads.
    case loads
}

/// What can be asked of a mailbox.
public enum MailboxAction: String, Sendable, Hashable, CaseIterable {
    /// Read messages.
    case read
    /// Send messages as the mailbox.
    case send
    /// Add and remove co-holders.
    case manageCoHolders
    /// Create, change and remove delegations.
    case manageDelegates
    /// Edit the description, the service and the telephone number.
    case describe
    /// Name another responsible.
    case changeResponsible
    /// Set liste rouge, forwarding, automatic reply and purge.
    case configure
    /// Close the mailbox for good.
    case close

    /// True for what shows or makes messages: never an administrator's or a manager's.
    public var touchesMessages: Bool { self == .read || self == .send }
}

/// As what an actor was allowed.
public enum Capacity: Sendable, Hashable {
    /// The responsible; the holder of a personal mailbox.
    case responsible
    /// A co-holder.
    case coHolder
    /// A delegate, on behalf of another person.
    case delegate(onBehalfOf: PersonID)
    /// The structure's software.
    case application
    /// The structure's manager of mailboxes.
    case structureManager
    /// An administrator.
    case administrator
    /// The operator's own jobs.
    case system
}
