public import MSSCore

/// Why a store could not be opened, written or read.
public enum StoreError: Error, Sendable, Hashable {
    /// The operating system refused something.
    case system(operation: String, path: String, code: Int32)
    /// No room left: what was asked was not done, and what was there is unharmed.
    case diskFull(path: String)
    /// Another process, or another store of this one, has it open.
    case busy(path: String, holder: String)
    /// The folder holds something else, or a store of another format.
    case notAStore(path: String)
    /// The master key is not the one that the store was made with.
    case wrongMasterKey(path: String)
    /// The master key could not be had.
    case masterKey(path: String, MasterKeyFault)
    /// Bytes on the disk are not those that were written.
    case damaged(path: String, offset: Int, reason: String)
    /// A file that the store needs is not there.
    case missing(path: String)
    /// One thing is larger than the store can hold.
    case tooLarge(bytes: Int)
    /// An earlier failure of the disk left the store in doubt: open it again.
    case unusable(reason: String)
    /// The store was closed.
    case closed
    /// libcrypto failed.
    case cryptography
    /// SQLite failed; its message.
    case database(String)
    /// No mailbox has this name; it may have been deleted.
    case unknownMailbox
    /// There is a mailbox of this name.
    case mailboxExists
    /// The mailbox has no such folder.
    case unknownFolder
    /// There is a folder of this name.
    case folderExists
    /// The folder cannot be deleted or renamed.
    case folderIsFixed
    /// The folder has no such message.
    case unknownMessage
    /// The quota of a mailbox is reached (EX_GBM_4470).
    case overQuota(mailbox: String)
    /// The folder for a backup or a restore holds something already.
    case notEmpty(path: String)
}

/// What is wrong with a master key's file or command.
public enum MasterKeyFault: Sendable, Hashable {
    /// There is no file, or it cannot be read.
    case unreadable
    /// Others than the owner may read or write it.
    case permissions
    /// It belongs to another user.
    case owner
    /// It is not 32 bytes, nor 64 hexadecimal digits.
    case form
    /// The command failed: its exit status.
    case command(status: Int32)
}

extension StoreError: ExplainedFailure {
    /// The requirement in play, where there is one.
    public var requirement: RequirementID? {
        switch self {
        case .overQuota: "EX_GBM_4470"
        default: nil
        }
    }

    /// The French sentence for an administrator.
    public var explanation: String {
        switch self {
        case .system(let operation, let path, let code):
            "Le système a refusé l'opération « \(operation) » sur \(path) (erreur \(code))."
        case .diskFull(let path): "Le disque est plein : rien n'a pu être ajouté dans \(path)."
        case .busy(let path, let holder): "Le stockage \(path) est déjà ouvert (\(holder))."
        case .notAStore(let path): "Le dossier \(path) ne contient pas un stockage de ce logiciel."
        case .wrongMasterKey(let path): "La clé maîtresse n'est pas celle du stockage \(path)."
        case .masterKey(let path, let fault):
            switch fault {
            case .unreadable: "La clé maîtresse \(path) est absente ou illisible."
            case .permissions: "La clé maîtresse \(path) est accessible à d'autres que son propriétaire (chmod 600)."
            case .owner: "La clé maîtresse \(path) appartient à un autre utilisateur."
            case .form: "La clé maîtresse \(path) n'a pas la forme attendue (32 octets ou 64 chiffres hexadécimaux)."
            case .command(let status):
                "La commande qui fournit la clé maîtresse (\(path)) a échoué (code \(status))."
            }
        case .damaged(let path, let offset, _): "Le fichier \(path) est endommagé (octet \(offset))."
        case .missing(let path): "Le fichier \(path) manque."
        case .tooLarge(let bytes): "L'élément est trop grand pour le stockage (\(bytes) octets)."
        case .unusable: "Une panne du disque a rendu le stockage inutilisable jusqu'à sa réouverture."
        case .closed: "Le stockage est fermé."
        case .cryptography: "Une opération de chiffrement a échoué."
        case .database: "La base de données des boîtes aux lettres a signalé une erreur."
        case .unknownMailbox: "La boîte aux lettres n'existe pas ou a été supprimée."
        case .mailboxExists: "La boîte aux lettres existe déjà."
        case .unknownFolder: "Le dossier n'existe pas dans la boîte aux lettres."
        case .folderExists: "Un dossier de ce nom existe déjà."
        case .folderIsFixed: "Ce dossier ne peut être ni supprimé ni renommé."
        case .unknownMessage: "Le message n'existe pas ou plus."
        case .overQuota: "La boîte aux lettres est pleine."
        case .notEmpty(let path): "Le dossier \(path) n'est pas vide."
        }
    }

    /// English text for logs.
    public var description: String {
        switch self {
        case .system(let operation, let path, let code): "\(operation) \(path): errno \(code)"
        case .diskFull(let path): "disk full: \(path)"
        case .busy(let path, let holder): "store in use: \(path) (\(holder))"
        case .notAStore(let path): "not a store: \(path)"
        case .wrongMasterKey(let path): "wrong master key: \(path)"
        case .masterKey(let path, let fault): "master key \(path): \(fault)"
        case .damaged(let path, let offset, let reason): "damaged: \(path) at \(offset): \(reason)"
        case .missing(let path): "missing: \(path)"
        case .tooLarge(let bytes): "too large: \(bytes) bytes"
        case .unusable(let reason): "unusable since: \(reason)"
        case .closed: "closed"
        case .cryptography: "libcrypto failed"
        case .database(let text): "database: \(text)"
        case .unknownMailbox: "unknown mailbox"
        case .mailboxExists: "mailbox exists"
        case .unknownFolder: "unknown folder"
        case .folderExists: "folder exists"
        case .folderIsFixed: "folder is fixed"
        case .unknownMessage: "unknown message"
        case .overQuota: "over quota"
        case .notEmpty(let path): "not empty: \(path)"
        }
    }
}
