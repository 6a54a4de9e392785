import Glibc
import MSSCore
import NIOCore

/// The connections of a server: counted by peer and by mailbox, told to stop, waited for.
final class IMAPConnectionTable: Sendable {
    /// What counts as one peer.
    enum Peer: Hashable, Sendable {
        case ipv4(String)
        /// The first 64 bits: what one customer is given.
        case ipv6(UInt64)
        case local

        init(_ address: SocketAddress?) {
            guard let text = address?.ipAddress else {
                self = .local
                return
            }
            var octets: (UInt64, UInt64) = (0, 0)
            self = inet_pton(AF_INET6, text, &octets) == 1 ? .ipv6(octets.0) : .ipv4(text)
        }
    }

    private struct Entry {
        var peer: Peer
        var channel: any Channel
        var mailbox: String?
    }

    private struct State {
        var connections: [ObjectIdentifier: Entry] = [:]
        var byPeer: [Peer: Int] = [:]
        var byMailbox: [String: Int] = [:]
        var isClosing = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Guarded(State())
    private let limits: IMAPServerLimits

    init(limits: IMAPServerLimits) { self.limits = limits }

    var count: Int { state.withLock { $0.connections.count } }

    /// Notes a connection; `false` when it is one too many.
    func admit(_ channel: any Channel) -> Bool {
        let peer = Peer(channel.remoteAddress)
        return state.withLock { state in
            guard !state.isClosing, state.connections.count < limits.connections,
                peer == .local || state.byPeer[peer, default: 0] < limits.connectionsPerPeer
            else { return false }
            state.connections[ObjectIdentifier(channel)] = Entry(peer: peer, channel: channel)
            state.byPeer[peer, default: 0] += 1
            return true
        }
    }

    /// Notes whose mailbox a session reads; `false` when it is one session too many for it.
    func admit(_ channel: any Channel, mailbox: String) -> Bool {
        state.withLock { state in
            let key = ObjectIdentifier(channel)
            guard state.connections[key] != nil, state.byMailbox[mailbox, default: 0] < limits.sessionsPerMailbox else {
                return false
            }
            state.connections[key]?.mailbox = mailbox
            state.byMailbox[mailbox, default: 0] += 1
            return true
        }
    }

    func remove(_ channel: any Channel) {
        let waiting = state.withLock { state in
            guard let entry = state.connections.removeValue(forKey: ObjectIdentifier(channel)) else {
                return [CheckedContinuation<Void, Never>]()
            }
            let left = state.byPeer[entry.peer, default: 1] - 1
            state.byPeer[entry.peer] = left == 0 ? nil : left
            if let mailbox = entry.mailbox {
                let left = state.byMailbox[mailbox, default: 1] - 1
                state.byMailbox[mailbox] = left == 0 ? nil : left
            }
            guard state.connections.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    /// The connections now.
    var channels: [any Channel] { state.withLock { $0.connections.values.map(\.channel) } }

    /// Admits no more, and returns those there are.
    func beginClosing() -> [any Channel] {
        state.withLock { state in
            state.isClosing = true
            return state.connections.values.map(\.channel)
        }
    }

    /// Returns when no connection is left.
    func whenEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.connections.isEmpty { state.waiting.append(continuation) }
                return state.connections.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}

/// Asks a session to end when it can.
struct IMAPShutDown: Sendable {}
