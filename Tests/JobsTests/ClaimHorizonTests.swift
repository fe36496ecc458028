import CupelCore
import Testing

@testable import Jobs

struct ClaimHorizonTests {
    private let lane = ClaimHorizon.Lane(queue: "default", priority: .normal)
    private let now = Timestamp(microseconds: 1_700_000_000_000_000)

    @Test func `while looks from the beginning are cheap, every claim is one`() {
        let horizon = ClaimHorizon()
        for second in 0..<5 {
            #expect(horizon.isFullLookDue(at: .seconds(second)))
            horizon.looked(
                [lane],
                first: [lane: now],
                isFull: true,
                began: .seconds(second),
                ended: .seconds(second) + .milliseconds(1),
                now: now
            )
        }
    }

    @Test func `once they are slow, claims begin just before the first job, and a look takes a twentieth of the time`()
    {
        let horizon = ClaimHorizon()
        horizon.looked(
            [lane],
            first: [lane: now],
            isFull: true,
            began: .zero,
            ended: .milliseconds(500),
            now: now
        )
        #expect(!horizon.isFullLookDue(at: .seconds(10)))
        #expect(horizon.isFullLookDue(at: .seconds(11)))
        #expect(horizon.bound(of: lane) < now)
        #expect(horizon.bound(of: lane) >= now + .seconds(-1))
        let later = now + .seconds(5)
        horizon.looked([lane], first: [lane: later], isFull: false, began: .zero, ended: .zero, now: later)
        #expect(horizon.bound(of: lane) > now)
        // Nothing found from the bound on says nothing of what lies before it.
        horizon.looked([lane], first: [:], isFull: false, began: .zero, ended: .zero, now: later + .seconds(60))
        #expect(horizon.bound(of: lane) < later)
    }
}
