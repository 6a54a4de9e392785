import MSSConnector
import MSSStore
public import MSSCore
import MSSTraces

/// The commands about incidents.
public enum IncidentCommands {
    /// All of them.
    public static let all: [any AdminCommand.Type] = [DeclareIncident.self]
}

/// `incident`: notes that an incident is declared, and tells what the operator itself knows of its state (EX_SSI_5180).
public enum DeclareIncident: AdminCommand {
    /// What is asked.
    public struct Arguments: Codable, Sendable, Hashable {
        /// What it is about.
        public var natures: [IncidentDeclaration.Nature]
        /// When it was detected.
        public var detected: String

        /// An incident.
        public init(natures: [IncidentDeclaration.Nature], detected: String) {
            self.natures = natures
            self.detected = detected
        }
    }

    /// What the operator knows.
    public struct Reply: Codable, Sendable, Hashable {
        /// Lines of facts, in French.
        public var observations: [String]
    }

    /// `incident-declarer`.
    public static let name = "incident-declarer"
    /// Traces and incidents.
    public static let duty = AdministrationDuty.traces

    /// Who declared what.
    public static func trace(_ arguments: Arguments) -> AdminTrace? {
        let natures = arguments.natures.map(\.rawValue).joined(separator: ",")
        return AdminTrace(.detectIncident, "incident \(natures) du \(arguments.detected)")
    }

    /// Tells.
    public static func run(_ arguments: Arguments, _ context: AdminContext) async throws -> Reply {
        let node = context.node
        var lines: [String] = []
        let health = await node.health()
        for (name, part) in health.components.sorted(by: { $0.key < $1.key }) where part.state != .ok {
            lines.append("\(name) : \(part.explanation)")
        }
        let destinations = node.spool.destinations()
        if let oldest = destinations.map(\.oldest).min() {
            lines.append(
                "\(node.spool.count) messages en attente vers \(destinations.count) domaines, le plus ancien depuis "
                    + (context.now - oldest).frenchAge)
        }
        let counts = node.connector.metrics.snapshot
        lines.append(
            "depuis le démarrage : \(counts.received) messages reçus d'autres opérateurs, \(counts.deliveredElsewhere) "
                + "destinataires servis ailleurs, \(counts.failed) abandonnés, \(counts.infected) messages infectés")
        return Reply(observations: lines)
    }
}
