public import MSSCore
public import MSSSMTP

/// Names for messages, unique among all processes of an operator: the time, for those who sort, and chance.
///
/// One name goes with a message through `Received`, replies, logs, traces and the queue (EX_GDT_5050: "identifiant unique
/// interne du message").
public enum MessageNames {
    /// A new name: 9 characters of time in milliseconds, a hyphen, 12 of chance (62 bits).
    public static func make(at time: Timestamp) -> DeliveryID {
        let milliseconds = UInt64(max(0, time.seconds)) &* 1000 &+ UInt64(time.nanoseconds / 1_000_000)
        return DeliveryID(
            padded(String(milliseconds, radix: 36), 9) + "-"
                + padded(String(UInt64.random(in: 0..<(1 << 62)), radix: 36), 12))
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
