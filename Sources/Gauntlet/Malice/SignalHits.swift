/// Where the signals of one text were seen.
struct SignalHits {
    /// Places of one signal that are kept, at most.
    static let maximumPlaces = 64
    /// Places of one rule that are kept where it must match often, at most.
    static let maximumCounted = 256

    private(set) var set = SignalSet()
    private var places: [UInt8: [Int]] = [:]
    /// What only counts when it is seen often, by rule.
    private var counted: [Int: Counted] = [:]

    private struct Counted {
        var signal: UInt8
        var minimum: Int
        var offsets: [Int] = []
    }

    /// Notes that a rule matched; its signal counts from the minimum on.
    mutating func add(_ signal: UInt8, at offset: Int, rule: Int, minimum: Int) {
        guard minimum > 1 else { return add(signal, at: offset) }
        var seen = counted[rule] ?? Counted(signal: signal, minimum: minimum)
        if seen.offsets.count < Self.maximumCounted { seen.offsets.append(offset) }
        if seen.offsets.count >= minimum { set.insert(signal) }
        counted[rule] = seen
    }

    mutating func add(_ signal: UInt8, at offset: Int) {
        set.insert(signal)
        if places[signal, default: []].count < Self.maximumPlaces { places[signal, default: []].append(offset) }
    }

    /// Keeps only places that pass a test; what must be seen often is counted among those.
    mutating func filter(_ isKept: (UInt8, Int) -> Bool) {
        for (rule, seen) in counted {
            let rest = seen.offsets.filter { isKept(seen.signal, $0) }
            for offset in rest.dropFirst(seen.minimum - 1) { add(seen.signal, at: offset) }
            counted[rule] = nil
        }
        var kept = SignalSet()
        for (signal, offsets) in places {
            let rest = offsets.filter { isKept(signal, $0) }
            places[signal] = rest
            if !rest.isEmpty { kept.insert(signal) }
        }
        set = kept
    }

    /// The places of all signals of a set, by offset.
    func places(of wanted: SignalSet) -> [(signal: UInt8, offset: Int)] {
        places.filter { wanted.contains($0.key) }.flatMap { signal, offsets in offsets.map { (signal, $0) } }
            .sorted { ($0.1, $0.0) < ($1.1, $1.0) }
            .map { (signal: $0.0, offset: $0.1) }
    }
}
