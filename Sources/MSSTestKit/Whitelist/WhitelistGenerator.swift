public import MSSCore

/// Makes lists of the same shape, size and oddities as the one published in March 2025, with made-up names.
///
/// The same seed and size give the same list, byte for byte. Counted in the published file and kept here: 6,554
/// entries, 5,002 names (3,920 once, 724 twice, 250, 104 and 4 three, four and five times), 392 DNs of which one holds
/// 42 % of the entries, 21 repeated pairs (7 of them exact duplicates), 814 update times.
public struct WhitelistGenerator: Sendable, Hashable {
    /// Entries of the published file.
    public static let publishedCount = 6554

    /// The seed.
    public var seed: UInt64
    /// How many entries to make; at least 60. Every other count keeps its proportion.
    public var count: Int
    /// Generation date of the list; entries were updated in the four years before.
    public var generated: Timestamp

    /// A generator; by default of a list of the published size, generated on 13 March 2025.
    public init(
        seed: UInt64 = 1, count: Int = publishedCount, generated: Timestamp = Timestamp(seconds: 1_741_877_650)
    ) {
        precondition(count >= 60, "fewer entries than oddities")
        self.seed = seed
        self.count = count
        self.generated = generated
    }

    /// Makes the list.
    public func make() -> TestWhitelist {
        var plan = WhitelistPlan(count: count, seed: seed, generated: generated)
        return TestWhitelist(generated: generated, entries: plan.entries())
    }
}
