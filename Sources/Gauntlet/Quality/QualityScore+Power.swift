import Glibc

extension QualityScore {
    /// A number from 0 to 1 raised to a weight.
    static func power(_ base: Double, _ weight: Double) -> Double { base >= 1 ? 1 : pow(base, weight) }

    /// Falls from 1 at `good` to 0 at `bad`, in a straight line; `bad` may lie on either side.
    static func ramp(_ value: Double, good: Double, bad: Double) -> Double {
        good == bad ? (value == good ? 1 : 0) : min(1, max(0, (value - bad) / (good - bad)))
    }
}
