import MSSCore

/// Messages grouped into conversations by the REFERENCES algorithm of RFC 5256 §3.
///
/// Nodes lie in one flat array, so that a conversation of any depth is held, walked and freed without recursion.
public struct ThreadForest: Sendable {
    /// A message in its conversation, or a place held for one that is missing.
    public struct Node: Hashable, Sendable {
        /// The message's place in the list given; `nil` for a missing message.
        public internal(set) var message: Int?
        /// The message that it answers.
        public internal(set) var parent: Int?
        /// Its answers, by date.
        public internal(set) var children: [Int] = []
    }

    /// All nodes; those in no conversation are left without parent, child and message.
    public internal(set) var nodes: [Node] = []
    /// The first node of every conversation, by date.
    public internal(set) var roots: [Int] = []

    /// References read of one message; longer lists keep their newest.
    static let references = 1000
    /// Ancestors looked at to see that a link closes no circle. A chain beyond it gets no link that would need more.
    static let ancestors = 1000

    /// Groups messages.
    public init(_ messages: [ThreadMessage], marks: BaseSubject.Marks = .rfc5256) {
        link(messages)
        prune()
        sort(messages)
        gather(messages, marks)
    }

    /// The messages of each conversation in reading order (each before its answers), conversations by date.
    public var conversations: [[Int]] {
        roots.map { root in
            var order: [Int] = []
            var stack = [root]
            while let node = stack.popLast() {
                if let message = nodes[node].message { order.append(message) }
                stack += nodes[node].children.reversed()
            }
            return order
        }
    }

    // MARK: Steps 1 and 2: links

    private mutating func link(_ messages: [ThreadMessage]) {
        var byID: [String: Int] = [:]
        byID.reserveCapacity(messages.count)
        var parents: [Int?] = []
        var hasChild: [Bool] = []
        func node(_ id: String?) -> Int {
            if let id, let known = byID[id] { return known }
            let new = nodes.count
            nodes.append(Node())
            parents.append(nil)
            hasChild.append(false)
            if let id { byID[id] = new }
            return new
        }
        /// Whether `child` may come under `parent` without a circle.
        func isOpen(_ parent: Int, _ child: Int) -> Bool {
            if parent == child { return false }
            guard hasChild[child] else { return true }
            var walker = parents[parent]
            var steps = 0
            while let present = walker {
                steps += 1
                if present == child || steps > Self.ancestors { return false }
                walker = parents[present]
            }
            return true
        }
        for (index, message) in messages.enumerated() {
            // §3 (1): an identifier seen twice stands for the first message only.
            var own = node(message.messageID)
            if nodes[own].message != nil { own = node(nil) }
            nodes[own].message = index
            var previous: Int?
            for reference in message.references.suffix(Self.references) {
                let present = node(reference)
                if let previous, parents[present] == nil, isOpen(previous, present) {
                    parents[present] = previous
                    hasChild[previous] = true
                }
                previous = present
            }
            // §3 (1) (B): the last reference is the parent, whatever other messages claimed.
            parents[own] = nil
            if let previous, isOpen(previous, own) {
                parents[own] = previous
                hasChild[previous] = true
            }
        }
        for index in nodes.indices {
            nodes[index].parent = parents[index]
            if let parent = parents[index] { nodes[parent].children.append(index) } else { roots.append(index) }
        }
    }

    // MARK: Step 3: missing messages

    private mutating func prune() {
        var removed: Set<Int> = []
        for node in postorder() where nodes[node].message == nil {
            let children = nodes[node].children.filter { !removed.contains($0) }
            nodes[node].children = children
            let parent = nodes[node].parent
            // A missing message is dropped without answers, replaced by them below another message, and at the root
            // by a single answer; several answers keep it as what holds them together.
            guard children.isEmpty || parent != nil || children.count == 1 else { continue }
            for child in children { nodes[child].parent = parent }
            nodes[node].children = []
            nodes[node].parent = nil
            removed.insert(node)
            if let parent { nodes[parent].children += children } else { roots += children }
        }
        guard !removed.isEmpty else { return }
        for index in nodes.indices where !nodes[index].children.isEmpty {
            nodes[index].children = nodes[index].children.filter { !removed.contains($0) }
        }
        roots = roots.filter { !removed.contains($0) }
    }

    /// Every node after its descendants.
    private func postorder() -> [Int] {
        var order: [Int] = []
        order.reserveCapacity(nodes.count)
        var stack = roots
        while let node = stack.popLast() {
            order.append(node)
            stack += nodes[node].children
        }
        return order.reversed()
    }

    // MARK: Steps 4 and 6: order

    /// What a node is sorted by: its own date and place, or of a missing message those of its first answer (§3 (4)).
    private struct Rank: Comparable {
        var date = Timestamp(seconds: .max)
        var message = Int.max
        static func < (left: Rank, right: Rank) -> Bool {
            (left.date, left.message) < (right.date, right.message)
        }
    }

    private mutating func sort(_ messages: [ThreadMessage]) {
        var ranks = [Rank](repeating: Rank(), count: nodes.count)
        for node in postorder() {
            if let message = nodes[node].message {
                ranks[node] = Rank(date: messages[message].date, message: message)
            } else {
                for child in nodes[node].children { ranks[node] = min(ranks[node], ranks[child]) }
            }
        }
        for index in nodes.indices where nodes[index].children.count > 1 {
            nodes[index].children = nodes[index].children.sorted { ranks[$0] < ranks[$1] }
        }
        roots = roots.sorted { ranks[$0] < ranks[$1] }
    }

    // MARK: Step 5: subjects

    private mutating func gather(_ messages: [ThreadMessage], _ marks: BaseSubject.Marks) {
        var subjects: [Int: BaseSubject] = [:]
        for root in roots {
            guard let message = nodes[root].message ?? nodes[root].children.first.flatMap({ nodes[$0].message }) else {
                continue
            }
            subjects[root] = BaseSubject(messages[message].subject, marks: marks)
        }
        // (B): one conversation stands for each subject: a missing message before another, an original before a reply.
        var table: [String: Int] = [:]
        for root in roots {
            guard let subject = subjects[root], !subject.text.isEmpty else { continue }
            let key = subject.text.lowercased()
            guard let holder = table[key] else {
                table[key] = root
                continue
            }
            let holderMissing = nodes[holder].message == nil
            if !holderMissing,
                nodes[root].message == nil
                    || (subjects[holder]!.isReplyOrForward && !subject.isReplyOrForward)
            {
                table[key] = root
            }
        }
        // (C): the others join it.
        var merged: Set<Int> = []
        var changed = false
        for root in roots {
            guard let subject = subjects[root], !subject.text.isEmpty, let holder = table[subject.text.lowercased()],
                holder != root
            else { continue }
            changed = true
            merged.insert(root)
            if nodes[holder].message == nil, nodes[root].message == nil {
                for child in nodes[root].children { nodes[child].parent = holder }
                nodes[holder].children += nodes[root].children
                nodes[root].children = []
            } else if nodes[holder].message == nil
                || (subject.isReplyOrForward && !subjects[holder]!.isReplyOrForward)
            {
                nodes[root].parent = holder
                nodes[holder].children.append(root)
            } else {
                // Two of equal standing: a missing message holds both.
                let both = nodes.count
                nodes.append(Node(message: nil, parent: nil, children: [holder, root]))
                nodes[holder].parent = both
                nodes[root].parent = both
                merged.insert(holder)
                roots.append(both)
                subjects[both] = subjects[holder]
                table[subject.text.lowercased()] = both
            }
        }
        guard changed else { return }
        roots = roots.filter { !merged.contains($0) }
        sort(messages)
    }
}
