import Glibc
import MSSCore
import MSSStore

extension OperatorCheck {
    /// The master key, the data folder, the room on its disk.
    func storage() async -> [CheckItem] {
        [await masterKey()] + folder() + room()
    }

    private func masterKey() async -> CheckItem {
        let subject = "Clé maîtresse"
        do {
            _ = try await OperatorNode.masterKey(settings.data)
            return CheckItem(subject, .ok, "Elle peut être lue, par son propriétaire seul.")
        } catch {
            return Self.failure(
                subject, error,
                remedy: Self.ownershipRemedy(settings.data.masterKey)
                    ?? "mss-operator quickstart en fait une ; celle d'un service existant se restaure.")
        }
    }

    /// What to do about a key that was refused because it is another account's than ours; `nil` when it is ours. Its
    /// owner alone reads a key, not even root does (EX_SSI_5100).
    static func ownershipRemedy(_ path: String?) -> String? {
        var status = stat()
        guard let path, stat(path, &status) == 0, status.st_uid != geteuid() else { return nil }
        return
            "La clé doit être au compte du service, en mode 0600, et le contrôle se faire sous ce compte : "
            + "sudo -u mssante mss-operator check."
    }

    private func folder() -> [CheckItem] {
        let subject = "Dossier des données"
        let root = layout.root
        var status = stat()
        guard stat(root, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
            return [
                CheckItem(
                    subject, .failure, "\(root) n'existe pas.",
                    remedy: "sudo install -d -m 0700 -o mssante -g mssante \(root) "
                        + "(au démarrage, l'unité systemd le fait par StateDirectory=).")
            ]
        }
        var items: [CheckItem] = []
        if status.st_mode & 0o077 != 0 {
            items.append(
                CheckItem(subject, .failure, "D'autres comptes ont accès à \(root).", remedy: "chmod 0700 \(root)"))
        }
        if Self.isRemote(root) {
            items.append(
                CheckItem(
                    subject, .failure, "\(root) est sur un système de fichiers distant.",
                    remedy: "Il faut un disque local dont fdatasync tient parole."))
        }
        return items.isEmpty ? [CheckItem(subject, .ok, "\(root), accessible au service seul.")] : items
    }

    /// Whether a path lies on a file system of the network, by the mount that it belongs to (proc(5)).
    private static func isRemote(_ path: String) -> Bool {
        guard let mounts = Files.read("/proc/self/mounts") else { return false }
        var found: (point: String, kind: String) = ("", "")
        for line in String(decoding: mounts, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ").map(String.init)
            guard words.count > 2, words[1].utf8.count >= found.point.utf8.count,
                words[1] == "/" || path == words[1] || path.hasPrefix(words[1] + "/")
            else { continue }
            found = (words[1], words[2])
        }
        return ["nfs", "nfs4", "cifs", "smb3", "9p", "ceph", "fuse.sshfs", "glusterfs"].contains(found.kind)
    }

    private func room() -> [CheckItem] {
        guard let space = layout.space else { return [] }
        let text = "\(FrenchSize.text(space.free)) libres sur \(FrenchSize.text(space.total))."
        let wanted = UInt64(settings.observation.freeSpace)
        let remedy = "Agrandissez le disque : plein, le service refuse les messages (4.3.1) et n'en perd aucun."
        let verdict: CheckItem.Verdict = space.free < wanted / 4 ? .failure : space.free < wanted ? .warning : .ok
        return [CheckItem("Disque", verdict, text, remedy: verdict == .ok ? nil : remedy)]
    }
}
