import Glibc
import MSSTraces

extension AdminCaller {
    /// Who is at the other end, authenticated by the machine's own login (EX_SSI_5150): the account as the kernel says it; the
    /// person as the settings name her, or, without a list
    /// of administrators, as she declares herself from the service's own account or root (EX_SSI_5155: a name, never a
    /// shared account).
    init(
        _ peer: PeerCredentials?, declared: String?, _ settings: AdministrationSettings
    ) throws(AdminFailure) {
        guard let peer else { throw AdminFailure(.unknownPeer) }
        user = peer.user
        process = peer.process
        let account = AdminCaller.account(peer.user)
        if let known = settings.administrators.first(where: { $0.account == account }) {
            // Nobody acts under another's name.
            guard declared == nil || declared == known.identifier else { throw AdminFailure(.otherName) }
            person = TracePerson(identifier: known.identifier, name: known.name)
            return
        }
        guard peer.user == geteuid() || peer.user == 0 else { throw AdminFailure(.notAnAdministrator) }
        let name = declared?.filter { !$0.isWhitespace } ?? ""
        guard !name.isEmpty, name.utf8.count <= 64, name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw AdminFailure(.noName)
        }
        // From root's account a listed administrator may act under her own name, no one under none.
        if !settings.administrators.isEmpty {
            guard let known = settings.administrators.first(where: { $0.identifier == name }) else {
                throw AdminFailure(.notAnAdministrator)
            }
            person = TracePerson(identifier: known.identifier, name: known.name)
            return
        }
        person = TracePerson(identifier: name)
    }

    private static func account(_ user: UInt32) -> String? {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil else { return nil }
        return String(cString: entry.pw_name)
    }
}

extension AdministrationSettings {
    /// Whether an administrator's account is for this (EX_SSI_5155).
    func require(_ duty: AdministrationDuty, of caller: AdminCaller) throws(AdminFailure) {
        guard !administrators.isEmpty else { return }
        let known = administrators.first { $0.identifier == caller.person.identifier }
        guard let known, known.duties.isEmpty || known.duties.contains(duty) else {
            throw AdminFailure(.notAllowed(duty))
        }
    }
}
