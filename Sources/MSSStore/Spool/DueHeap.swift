import MSSCore

/// When a share of a message is due.
struct DueShare: Comparable {
    var due: Timestamp
    var number: UInt64
    var index: Int32
    /// Tells a present entry from one that was overtaken by a later one for the same share.
    var stamp: UInt32

    static func < (left: DueShare, right: DueShare) -> Bool {
        left.due != right.due ? left.due < right.due : (left.number, left.index) < (right.number, right.index)
    }
}

/// Gives the least element first.
struct Heap<Element: Comparable> {
    private var elements: [Element] = []

    var first: Element? { elements.first }
    var count: Int { elements.count }

    mutating func insert(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard elements[child] < elements[parent] else { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    @discardableResult
    mutating func removeFirst() -> Element? {
        guard let first = elements.first else { return nil }
        let last = elements.removeLast()
        guard !elements.isEmpty else { return first }
        elements[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            guard child < elements.count else { break }
            if child + 1 < elements.count, elements[child + 1] < elements[child] { child += 1 }
            guard elements[child] < elements[parent] else { break }
            elements.swapAt(child, parent)
            parent = child
        }
        return first
    }
}
