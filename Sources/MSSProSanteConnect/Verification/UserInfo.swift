import MSSJSON

/// What Pro Santé Connect's UserInfo says of a person, as far as the operator needs it (EX_LPS_0900 step 7).
public struct UserInfo: Sendable, Hashable {
    /// `sub`, the same as the token's.
    public let subject: String
    /// `SubjectNameID`: the national identifier, `8` and the RPPS number for most.
    public let subjectNameID: String
    /// `given_name`.
    public let givenName: String?
    /// `family_name`.
    public let familyName: String?

    /// A longer one is nobody's.
    static let maximumIdentifier = 128

    /// Reads an answer of UserInfo (OpenID Connect Core §5.3.2).
    package init(_ bytes: [UInt8]) throws(TokenFailure) {
        guard let members = (try? JSONReader.read(bytes))?.members, let subject = members["sub"]?.text else {
            throw .unavailable(.malformedAnswer(.userInfo))
        }
        guard let identifier = members["SubjectNameID"]?.text,
            (1...Self.maximumIdentifier).contains(identifier.utf8.count),
            identifier.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw .noIdentity }
        self.subject = subject
        subjectNameID = identifier
        givenName = members["given_name"]?.text
        familyName = members["family_name"]?.text
    }
}

extension UserInfo: CustomStringConvertible {
    /// The identifier alone: names stay out of logs.
    public var description: String { subjectNameID }
}
