import Glibc
import MSSCore
package import NIOCore

/// How many connections a server takes.
package struct ConnectionLimits: Sendable, Hashable {
    /// In all.
    package var connections: Int
    /// Of one peer: an IPv4 address, or the 64 bits of an IPv6 network. This machine's sockets have no such limit.
    package var perPeer: Int

    package init(connections: Int, perPeer: Int) {
        self.connections = connections
        self.perPeer = perPeer
    }
}

/// The connections of a server: counted, told to stop, waited for.
package final class ConnectionTable: Sendable {
    /// What counts as one peer.
    private enum Peer: Hashable, Sendable {
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

    private struct State {
        var connections: [ObjectIdentifier: (peer: Peer, channel: any Channel)] = [:]
        var byPeer: [Peer: Int] = [:]
        var isClosing = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Guarded(State())
    private let limits: ConnectionLimits

    package init(_ limits: ConnectionLimits) { self.limits = limits }

    /// Connections now.
    package var count: Int { state.withLock { $0.connections.count } }

    /// The connections now.
    package var channels: [any Channel] { state.withLock { $0.connections.values.map(\.channel) } }

    /// Notes a connection; `false` when it is one too many.
    package func admit(_ channel: any Channel) -> Bool {
        let peer = Peer(channel.remoteAddress)
        return state.withLock { state in
            guard !state.isClosing, state.connections.count < limits.connections,
                peer == .local || state.byPeer[peer, default: 0] < limits.perPeer
            else { return false }
            state.connections[ObjectIdentifier(channel)] = (peer, channel)
            state.byPeer[peer, default: 0] += 1
            return true
        }
    }

    /// The connection is over, and with it what was done for it.
    package func remove(_ channel: any Channel) {
        let waiting = state.withLock { state in
            guard let (peer, _) = state.connections.removeValue(forKey: ObjectIdentifier(channel)) else {
                return [CheckedContinuation<Void, Never>]()
            }
            let left = state.byPeer[peer, default: 1] - 1
            state.byPeer[peer] = left == 0 ? nil : left
            guard state.connections.isEmpty else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in waiting { one.resume() }
    }

    // MARK: The end

    /// Admits no more, and returns those there are.
    package func beginClosing() -> [any Channel] {
        state.withLock { state in
            state.isClosing = true
            return state.connections.values.map(\.channel)
        }
    }

    /// Returns when no connection is left; what is left after `grace` is closed.
    package func drain(grace: Duration) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.whenEmpty() }
            group.addTask {
                // Cancelled as soon as nobody is left.
                guard (try? await Task.sleep(for: grace)) != nil else { return }
                for channel in self.beginClosing() { channel.close(promise: nil) }
                await self.whenEmpty()
            }
            await group.next()
            group.cancelAll()
        }
    }

    private func whenEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.connections.isEmpty { state.waiting.append(continuation) }
                return state.connections.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }
}
