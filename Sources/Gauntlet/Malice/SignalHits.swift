/// Where the signals of one text were seen.
struct SignalHits {
    /// Places of one signal that are kept, at most.
    static let maximumPlaces = 64

    private(set) var set = SignalSet()
    private var places: [UInt8: [Int]] = [:]
    private var counts: [Int: Int] = [:]

    /// Notes that a rule matched; its signal counts from the minimum on.
    mutating func add(_ signal: UInt8, at offset: Int, rule: Int, minimum: Int) {
        if minimum > 1 {
            counts[rule, default: 0] += 1
            guard counts[rule, default: 0] >= minimum else { return }
        }
        add(signal, at: offset)
    }

    mutating func add(_ signal: UInt8, at offset: Int) {
        set.insert(signal)
        if places[signal, default: []].count < Self.maximumPlaces { places[signal, default: []].append(offset) }
    }

    /// Keeps only places that pass a test.
    mutating func filter(_ isKept: (UInt8, Int) -> Bool) {
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
