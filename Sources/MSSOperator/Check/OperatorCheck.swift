public import Logging
public import MSSCore
public import MSSDNS
import MSSStore
import MSSTLS
import NIOPosix

/// Looks at everything that an operator needs before it runs, or while it does; changes nothing.
///
/// Each part is looked at by itself: what cannot be looked at is a failure of its own, and the others go on.
public struct OperatorCheck: Sendable {
    /// What the check works with, so that tests can say what the world answers.
    public struct Environment: Sendable {
        /// The present.
        public var clock: any WallClock = SystemWallClock()
        /// Asks the DNS; `nil` for the resolvers of the settings.
        public var resolver: (any DNSResolver)?
        /// Time servers, `host` or `host:port` (EX_SDT_5010 names fr.pool.ntp.org as an example); none to leave the
        /// clock alone.
        public var timeServers = ["fr.pool.ntp.org"]
        /// Whether a whitelist that is not there yet is fetched.
        public var mayFetch = true
        /// A file of SHA-256 fingerprints that the authorities are compared with, one a line (RE_OPE_5040).
        public var fingerprints: String?
        /// Logs.
        public var logger = Logger(label: "mssante.check")

        /// The world as it is.
        public init() {}
    }

    let settings: OperatorSettings
    let environment: Environment
    var now: Timestamp { environment.clock.now() }
    var layout: OperatorLayout { OperatorLayout(settings.data.folder) }

    /// A check of settings.
    public init(_ settings: OperatorSettings, _ environment: Environment = Environment()) {
        self.settings = settings
        self.environment = environment
    }

    /// The check of a settings file: what is wrong with the file is a result too.
    public static func run(file: String, _ environment: Environment = Environment()) async -> [CheckItem] {
        guard let bytes = Files.read(file) else {
            return [
                CheckItem(
                    "Configuration", .failure, "Le fichier \(file) ne peut pas être lu.",
                    remedy: "Vérifiez le chemin et les droits, et le compte : sudo -u mssante mss-operator check ; "
                        + "« mss-operator quickstart » fait un modèle.")
            ]
        }
        let settings: OperatorSettings
        do { settings = try OperatorSettings(yaml: String(decoding: bytes, as: UTF8.self), file: file) } catch {
            return error.faults.map { fault in
                let line = fault.line.map { "ligne \($0), " } ?? ""
                return CheckItem(
                    "Configuration", .failure, "\(line)« \(fault.key) » : \(fault.problem).", remedy: fault.remedy + "."
                )
            }
        }
        var items = [
            CheckItem("Configuration", .ok, "\(file) se lit, \(settings.identity.domains.count) domaine(s).")
        ]
        var environment = environment
        if environment.fingerprints == nil {
            environment.fingerprints = KnownFingerprints.path(beside: settings.trust.authorities)
        }
        items += await OperatorCheck(settings, environment).run()
        return items
    }

    /// Everything, in an order in which causes come before consequences.
    public func run() async -> [CheckItem] {
        var items = await storage()
        let (found, own) = certificates()
        items += found
        items += authorities()
        items += await whitelist(own)
        items += await dns()
        items += await proSanteConnect()
        items += terms()
        items.append(await antivirus())
        items += await clock()
        return items
    }

    /// A failure as an item.
    static func failure(_ subject: String, _ error: any Error, remedy: String) -> CheckItem {
        CheckItem(
            subject, .failure, FrenchReason.of(error), remedy: remedy, (error as? any ExplainedFailure)?.requirement)
    }
}
