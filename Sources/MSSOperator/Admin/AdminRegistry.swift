/// The commands that an operator obeys: one line for each.
public enum AdminRegistry {
    /// All commands, by topic.
    public static let commands: [any AdminCommand.Type] =
        SubmissionCommands.all + QueueCommands.all + WhitelistCommands.all + StateCommands.all + RoundCommands.all
        + MailboxCommands.all + TraceCommands.all + QuarantineCommands.all + BackupCommands.all + IncidentCommands.all
        + AccessCommands.all + TermsCommands.all + [LoadAccounts.self]

    /// By name.
    static let byName: [String: any AdminCommand.Type] = Dictionary(
        uniqueKeysWithValues: commands.map { ($0.name, $0) })
}
