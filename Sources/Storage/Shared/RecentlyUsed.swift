/// A dictionary with bounds on its count and cost that drops what was used least recently.
///
/// Entries hang in a doubly linked list of array indices, so that every operation takes constant time.
struct RecentlyUsed<Value> {
    private struct Node {
        var key: String
        var value: Value
        var cost: Int
        var newer: Int?
        var older: Int?
    }

    private var indices: [String: Int] = [:]
    private var nodes: [Node?] = []
    private var free: [Int] = []
    private var newest: Int?
    private var oldest: Int?
    private let maximumCount: Int
    private let maximumCost: Int
    /// The cost of all entries together.
    private(set) var cost = 0

    init(maximumCount: Int, maximumCost: Int = .max) {
        self.maximumCount = max(1, maximumCount)
        self.maximumCost = max(1, maximumCost)
    }

    var count: Int { indices.count }

    /// The value under a key, which thereby counts as just used.
    mutating func value(for key: String) -> Value? {
        guard let index = indices[key] else { return nil }
        unlink(index)
        link(index)
        return nodes[index]?.value
    }

    /// Keeps a value as the one used last, and drops others as the bounds demand. A value over the bound on cost is
    /// not kept.
    mutating func set(_ value: Value, for key: String, cost: Int = 0) {
        remove(key)
        guard cost <= maximumCost else { return }
        let node = Node(key: key, value: value, cost: cost)
        let index = free.popLast() ?? nodes.count
        if index == nodes.count { nodes.append(node) } else { nodes[index] = node }
        indices[key] = index
        self.cost += cost
        link(index)
        while count > maximumCount || self.cost > maximumCost, let oldest, let key = nodes[oldest]?.key {
            remove(key)
        }
    }

    /// Drops a key and gives its value.
    @discardableResult
    mutating func remove(_ key: String) -> Value? {
        guard let index = indices.removeValue(forKey: key) else { return nil }
        unlink(index)
        let node = nodes[index]
        cost -= node?.cost ?? 0
        nodes[index] = nil
        free.append(index)
        return node?.value
    }

    private mutating func link(_ index: Int) {
        nodes[index]?.older = newest
        nodes[index]?.newer = nil
        if let newest { nodes[newest]?.newer = index }
        newest = index
        if oldest == nil { oldest = index }
    }

    private mutating func unlink(_ index: Int) {
        guard let node = nodes[index] else { return }
        if let newer = node.newer { nodes[newer]?.older = node.older } else { newest = node.older }
        if let older = node.older { nodes[older]?.newer = node.newer } else { oldest = node.newer }
    }
}
