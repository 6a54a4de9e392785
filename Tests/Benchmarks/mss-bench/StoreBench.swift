import ArgumentParser
import Foundation
import MSSCore
import MSSSMTP
import MSSStore
import NIOCore

/// The spool and the mailboxes: durable messages a second, drain, memory.
struct StoreBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store", abstract: "Spool and mailboxes: durable writes, drain, memory, opening.")

    @Option(help: "Messages for each measure.") var messages = 20_000
    @Option(help: "Octets of a message.") var size = 10_240
    @Option(help: "Messages queued for dead destinations; 0 leaves that out.") var queued = 100_000
    @Option(help: "Folder on the disk to measure; it is removed at the end.") var folder: String?

    func run() async throws {
        let folder = folder ?? NSTemporaryDirectory() + "mss-bench-store-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let measure = StoreMeasure(folder: folder, size: size, master: try StoreMasterKey((0..<32).map { UInt8($0) }))
        measure.disk()
        for writers in [1, 10, 100] { try await measure.spool(messages, writers) }
        for writers in [1, 10, 100] { try await measure.mail(messages, writers) }
        if queued > 0 { try await measure.dead(queued) }
    }
}

/// The measures themselves, apart from how they are called.
struct StoreMeasure: Sendable {
    let folder: String
    let size: Int
    let master: StoreMasterKey
    private let now = Timestamp(seconds: 1_800_000_000)

    private func report(_ name: String, _ text: String) {
        print(name.padding(toLength: 44, withPad: " ", startingAt: 0) + text)
    }

    private func seconds(_ body: () async throws -> Void) async rethrows -> Double {
        let start = ContinuousClock.now
        try await body()
        let time = (ContinuousClock.now - start).components
        return Double(time.seconds) + Double(time.attoseconds) / 1e18
    }

    private func rate(_ count: Int, _ seconds: Double) -> String {
        "\(Int(Double(count) / seconds)) messages/s, \(Int(Double(count * size) / seconds / 1e6)) MB/s"
    }

    /// What the disk does by itself: the bound of one writer.
    func disk() {
        let path = folder + "/disk"
        let file = open(path, O_RDWR | O_CREAT, 0o600)
        defer {
            close(file)
            unlink(path)
        }
        let zeros = [UInt8](repeating: 0, count: 16 << 20)
        _ = pwrite(file, zeros, zeros.count, 0)
        fdatasync(file)
        let rounds = 500
        let start = ContinuousClock.now
        for round in 0..<rounds {
            _ = pwrite(file, zeros, size, off_t(round * size))
            fdatasync(file)
        }
        let time = (ContinuousClock.now - start).components
        let each = (Double(time.seconds) * 1e6 + Double(time.attoseconds) / 1e12) / Double(rounds)
        report("disk: write and fdatasync of one message", "\(Int(each)) µs")
    }

    private func together(
        _ count: Int, _ writers: Int, _ body: @escaping @Sendable (Int) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<writers {
                group.addTask {
                    for number in stride(from: writer, to: count, by: writers) { try await body(number) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func message(to domain: String) throws -> NewDelivery {
        let envelope = OutgoingEnvelope(
            sender: try MailAddress("a@hopital.test"), recipients: [try MailAddress("b@\(domain)")])
        return NewDelivery(SMTPOutgoingMessage(envelope, SMTPContent(ByteBuffer(repeating: 0x41, count: size))))
    }

    func spool(_ messages: Int, _ writers: Int) async throws {
        // One writer waits for each sync: fewer messages say as much.
        let count = writers == 1 ? messages / 5 : messages
        let root = folder + "/spool"
        let spool = try await Spool.open(root, master: master)
        let delivery = try message(to: "dest.test")
        let now = now
        let taking = try await seconds {
            try await together(count, writers) { _ in _ = try await spool.enqueue(delivery, at: now) }
        }
        report("spool: enqueue, \(writers) writers", rate(count, taking))
        let draining = try await seconds { try await drain(spool, writers) }
        report("spool: lease, read, settle, \(writers) at once", rate(count, draining))
        await spool.close()
        try FileManager.default.removeItem(atPath: root)
    }

    private func drain(_ spool: Spool, _ workers: Int) async throws {
        let now = now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<workers {
                group.addTask {
                    let request = DeliveryLeaseRequest(
                        limit: 1, perDestination: .max, now: now + .seconds(1), until: now + .seconds(600))
                    while let job = try await spool.lease(request).first {
                        var octets = 0
                        try await job.message.content.forEachChunk { octets += $0.readableBytes }
                        precondition(octets == job.message.content.size)
                        let served = job.message.envelope.recipients.map(\.address)
                        try await spool.settle(job, DeliverySettlement(delivered: served), at: now)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    func mail(_ messages: Int, _ writers: Int) async throws {
        let count = writers == 1 ? messages / 5 : messages
        let root = folder + "/mail"
        let store = try await MailStore.open(root, master: master)
        let names = (0..<100).map { MailboxName("b\($0)") }
        let now = now
        try await together(names.count, 20) { try await store.create(names[$0], at: now) }
        let content = SMTPContent(ByteBuffer(repeating: 0x41, count: size))
        let delivering = try await seconds {
            try await together(count, writers) { number in
                try await store.deliver(content, to: MailTarget(names[number % 100], received: now, key: "k\(number)"))
            }
        }
        report("mailboxes: deliver, \(writers) writers", rate(count, delivering))
        if writers == 100 {
            var verified = 0
            let verifying = try await seconds { verified = try await store.verify().messages }
            report("mailboxes: verify", rate(verified, verifying))
            let copying = try await seconds { try await store.backUp(to: folder + "/backup") }
            report("mailboxes: backup", rate(count, copying))
            try FileManager.default.removeItem(atPath: folder + "/backup")
        }
        await store.close()
        try FileManager.default.removeItem(atPath: root)
    }

    /// Many messages for destinations that do not answer, and live ones among them.
    func dead(_ count: Int) async throws {
        let root = folder + "/dead"
        let before = residentBytes()
        let spool = try await Spool.open(root, master: master)
        let now = now
        try await together(count, 100) { number in
            _ = try await spool.enqueue(try message(to: "mort\(number % 50).test"), at: now)
        }
        report(
            "\(count) queued for dead destinations",
            "\(residentBytes() >> 20) MB resident (\(before >> 20) MB before), \(spool.usage.segments) segments")
        let live = 2000
        let delivery = try message(to: "vivant.test")
        let dead = try (0..<50).map { (try Domain("mort\($0).test"), 0) }
        let allowances = Dictionary(uniqueKeysWithValues: dead)
        let time = try await seconds {
            try await together(live, 100) { _ in
                _ = try await spool.enqueue(delivery, at: now)
                let request = DeliveryLeaseRequest(
                    limit: 1, perDestination: .max, allowances: allowances, now: now, until: now + .seconds(600))
                guard let job = try await spool.lease(request).first else { return }
                try await job.message.content.forEachChunk { _ in }
                let served = job.message.envelope.recipients.map(\.address)
                try await spool.settle(job, DeliverySettlement(delivered: served), at: now)
            }
        }
        report("a live destination beside them, 100 at once", rate(live, time) + " through")
        await spool.close()
        let opening = try await seconds {
            let again = try await Spool.open(root, master: master)
            await again.close()
        }
        report("opening and closing with \(count) messages", "\(Int(opening * 1000)) ms")
        try FileManager.default.removeItem(atPath: root)
    }
}
