/// What a replica asks of the store about one budget's window; amounts in microdollars.
struct LeaseAsk: Sendable {
    let window: LeaseWindow
    let limit: Int64
    /// All that was granted to it, less what it gives back now.
    let granted: Int64
    /// What the store's sums hold of what its calls cost.
    let kept: Int64
    /// What is free of what was granted; under zero where calls cost more than was held for them.
    let free: Int64
    /// What calls wait for, the first first.
    var needs: [Int64] = []
    /// Whether calls draw on it and little is left.
    var isLow = false
    /// Whether the store has a row of it.
    var isKnown = false
    /// Since when it asks for what it did not get, on the store's clock in microseconds.
    var wantedAt: Int64?
    /// What it asked the others for then.
    var wanted: Int64 = 0
    /// The last wish of others that it has given for what it could.
    var answeredAt: Int64 = 0
    /// Whether that is news.
    var isAnswer = false
}

/// A replica's row for a window, as it is in the store.
struct LeaseRow: Sendable {
    var replica: String
    var granted: Int64
    var kept: Int64
    /// What it lacks for calls that wait; 0 for nothing.
    var wants: Int64 = 0
    var wantedAt: Int64 = 0
    /// The last wish of others that it knew of when it gave back what it could. Wishes for a window are made under its
    /// lock, so that whoever knows of one knows of those before it.
    var answeredAt: Int64 = 0

    /// Whether it may add nothing to the sums any more.
    var isSpent: Bool { granted == kept }
}

/// What becomes of an ask: pure, so that every schedule of replicas can be tried without a store.
struct LeaseDecision: Sendable {
    enum Fate: Sendable {
        /// There is room for it now.
        case granted
        /// There may be when others have given back what they do not use.
        case waits
        /// There is none.
        case denied
    }

    /// What is granted on top of what was.
    private(set) var extra: Int64 = 0
    /// What becomes of each need.
    private(set) var fates: [Fate] = []
    /// What is to be given back because the limit was lowered or others cost more, as far as it is still free.
    private(set) var excess: Int64 = 0
    /// What is lacking for the needs that wait.
    private(set) var wants: Int64 = 0
    /// A free part under this asks for more.
    private(set) var low = Int64.min
    /// The most that a call could get.
    private(set) var left: Int64 = 0
    /// Whether needs could be refused, were the base known as it is now.
    private(set) var isUndecided = false

    /// How long a wish of another replica counts, in microseconds: its calls have given up by then.
    static let wishMicroseconds: Int64 = 5_000_000

    /// The window as one replica finds it.
    struct View {
        /// What the sums hold that no replica's row accounts for.
        var base: Int64
        /// The other replicas' rows.
        var others: [LeaseRow]
        /// Replicas that live.
        var replicas: Int64
        /// This replica.
        var replica: String
        /// The store's clock, in microseconds.
        var now: Int64
        /// Whether `base` was read just now.
        var isFresh: Bool
    }

    /// Decides about an ask.
    init(_ ask: LeaseAsk, in view: View) {
        // What calls cost beyond what was held for them is spent, whether there is room or not.
        extra = max(-ask.free, 0)
        var free = max(ask.free, 0)
        var room = ask.limit - view.base - ask.granted - extra
        for other in view.others { room -= other.granted }
        let served = serve(ask, pot: free + max(room, 0))
        let taken = max(served - free, 0)
        extra += taken
        room -= taken
        free += taken - served
        let isShort = fates.contains { $0 != .granted }
        // While another lacks something nobody takes more than calls need.
        let isWanted = view.others.contains { $0.wants > 0 && view.now - $0.wantedAt < Self.wishMicroseconds }
        let replicas = max(view.replicas, 1)
        // Slices become smaller as the budget does, so that its end is not cut up among replicas.
        let slice = min(ask.limit / (4 * replicas), free + max(room, 0) / (2 * replicas))
        if !isShort, !isWanted, ask.isLow || served > 0, slice > free {
            extra += slice - free
            room -= slice - free
            free = slice
        }
        if room > 0 { low = slice / 2 }
        left = free + max(room, 0)
        excess = min(free, max(-room, 0))
        if isShort { wait(ask, view) }
    }

    /// Gives the needs what there is, the first first; one that is too large does not hold up those behind it.
    private mutating func serve(_ ask: LeaseAsk, pot: Int64) -> Int64 {
        var served: Int64 = 0
        fates = ask.needs.map { need in
            guard need <= pot - served else { return .waits }
            served += need
            return .granted
        }
        return served
    }

    /// Those that got nothing wait for what others do not use; once all have answered they are refused.
    private mutating func wait(_ ask: LeaseAsk, _ view: View) {
        let lacking = zip(ask.needs, fates).reduce(Int64(0)) { $1.1 == .granted ? $0 : $0 + $1.0 }
        let lack = max(lacking - left, 1)
        // Calls that came since make it a new wish: the others gave what was asked of them then.
        let haveAnswered = view.others.allSatisfy { row in
            row.isSpent || lack <= ask.wanted && ask.wantedAt.map { row.answeredAt >= $0 } ?? false
        }
        if haveAnswered, view.isFresh {
            fates = fates.map { $0 == .granted ? .granted : .denied }
        } else {
            isUndecided = haveAnswered
            wants = lack
        }
    }
}
