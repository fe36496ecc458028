import CupelCore
import Foundation

/// A time zone of the IANA database, by its name.
package struct ScheduleZone: Sendable, Hashable {
    /// Its name, as `Europe/Berlin`.
    package let name: String
    private let zone: TimeZone

    /// The zone without any change of its clocks.
    package static let utc = ScheduleZone(name: "UTC", zone: .gmt)

    private init(name: String, zone: TimeZone) {
        self.name = name
        self.zone = zone
    }

    /// A zone by its name.
    /// - Throws: `validation_error` with the nearest name.
    package init(_ name: String) throws {
        guard name != "UTC" else {
            self = .utc
            return
        }
        guard name.utf8.count <= 64, let zone = TimeZone(identifier: name) else {
            let near = String(name.prefix(64)).nearest(among: TimeZone.knownTimeZoneIdentifiers + ["UTC"])
            throw CupelError(
                .validationError,
                "There is no such time zone.",
                fields: [
                    FieldProblem(
                        "time_zone",
                        "must be a name like 'UTC' or 'Europe/Berlin'" + (near.map { "; did you mean '\($0)'?" } ?? "")
                    )
                ]
            )
        }
        self.init(name: name, zone: zone)
    }

    /// Seconds that the zone's clocks are ahead of UTC at a moment, given in seconds since 1970.
    func offset(at second: Int64) -> Int64 {
        Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second))))
    }

    /// What the zone's clocks show at a moment.
    func civil(at second: Int64) -> CivilTime { CivilTime(seconds: second + offset(at: second)) }

    /// No offset is further from another than this, and no two changes of a zone are nearer to each other.
    static let widest: Int64 = 27 * 3600
    private static let step: Int64 = 3 * 3600

    /// The first second after `from` and not after `to` at which another offset begins.
    func change(after from: Int64, through to: Int64) -> Int64? {
        var left = from
        while left < to {
            let right = min(to, left + Self.step)
            let before = offset(at: left)
            if offset(at: right) != before {
                var (low, high) = (left, right)
                while high - low > 1 {
                    let middle = low + (high - low) / 2
                    if offset(at: middle) == before { low = middle } else { high = middle }
                }
                return high
            }
            left = right
        }
        return nil
    }

    /// The first moment at which the clocks show `civil` or, where they jump over it, something later.
    func firstMoment(of civil: CivilTime) -> Int64 {
        var start = civil.seconds - Self.widest
        let end = civil.seconds + Self.widest
        while true {
            let reached = max(start, civil.seconds - offset(at: start))
            guard let change = change(after: start, through: end), reached >= change else { return reached }
            start = change
        }
    }

    /// The latest that the clocks have shown at `second` or before: after they went back, more than they show.
    func latestShown(at second: Int64) -> CivilTime {
        var latest = civil(at: second)
        var cursor = second - Self.widest
        while let change = change(after: cursor, through: second) {
            latest = max(latest, civil(at: change - 1))
            cursor = change
        }
        return latest
    }
}
