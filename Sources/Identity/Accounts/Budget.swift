package import CupelCore
import Storage

/// The name of a budget.
package typealias BudgetID = Identifier<Budget>

/// What a budget holds for.
package enum BudgetScope: Sendable, Hashable {
    case key(KeyID)
    case team(TeamID)
    case project(ProjectID)
    /// A model by its name in the registry, whoever asks it.
    case model(String)

    /// The scopes' words.
    package static let words = ["key", "team", "project", "model"]

    /// The scope in a word.
    package var word: String {
        switch self {
        case .key: "key"
        case .team: "team"
        case .project: "project"
        case .model: "model"
        }
    }

    /// The identifier or the model's name.
    package var subject: String {
        switch self {
        case .key(let id): id.description
        case .team(let id): id.description
        case .project(let id): id.description
        case .model(let name): name
        }
    }

    /// Reads a scope; `nil` when the word is none, or the subject is no identifier.
    package init?(word: String, subject: String) {
        switch word {
        case "key":
            guard let id = KeyID(subject) else { return nil }
            self = .key(id)
        case "team":
            guard let id = TeamID(subject) else { return nil }
            self = .team(id)
        case "project":
            guard let id = ProjectID(subject) else { return nil }
            self = .project(id)
        case "model":
            guard !subject.isEmpty else { return nil }
            self = .model(subject)
        default: return nil
        }
    }
}

/// The time over which a budget is spent; days and months are those of UTC.
package enum BudgetPeriod: String, Sendable, CaseIterable {
    /// Each call by itself.
    case call
    case day
    case month

    /// The period around a moment: its first moment, and the one at which the next begins; `nil` for ``call``.
    package func window(around moment: Timestamp) -> Range<Timestamp>? {
        let microsecondsADay: Int64 = 86_400_000_000
        let (whole, rest) = moment.microseconds.quotientAndRemainder(dividingBy: microsecondsADay)
        let days = rest < 0 ? whole - 1 : whole
        func start(_ day: Int64) -> Timestamp { Timestamp(microseconds: day * microsecondsADay) }
        switch self {
        case .call: return nil
        case .day: return start(days)..<start(days + 1)
        case .month:
            let (dayOfMonth, length) = Self.place(ofDay: days)
            return start(days - dayOfMonth)..<start(days - dayOfMonth + length)
        }
    }

    /// The place of a day within its month, from 0, and the days of that month; by Howard Hinnant's
    /// `civil_from_days` ("chrono-Compatible Low-Level Date Algorithms").
    private static func place(ofDay days: Int64) -> (dayOfMonth: Int64, length: Int64) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let first = (153 * shiftedMonth + 2) / 5
        // The shifted year begins in March, so that February is the last month.
        let year = yearOfEra + 1
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let length = shiftedMonth == 11 ? (isLeap ? 29 : 28) : (153 * (shiftedMonth + 1) + 2) / 5 - first
        return (dayOfYear - first, length)
    }
}

/// How much may be spent on calls within a period.
package struct Budget: Sendable, Hashable {
    package let id: BudgetID
    package let scope: BudgetScope
    package let period: BudgetPeriod
    package var amount: Money
    package let createdAt: Timestamp

    /// The largest budget: a billion dollars.
    package static let maximum = Money(microdollars: 1_000_000_000_000_000)

    /// A budget; only its amount changes afterwards.
    package init(id: BudgetID, scope: BudgetScope, period: BudgetPeriod, amount: Money, createdAt: Timestamp) {
        self.id = id
        self.scope = scope
        self.period = period
        self.amount = amount
        self.createdAt = createdAt
    }

    init(row: Row) throws {
        id = try row.identifier("id")
        guard let scope = BudgetScope(word: try row.text("scope"), subject: try row.text("subject")),
            let period = BudgetPeriod(rawValue: try row.text("period"))
        else { throw CupelError(.internalError, "The budget \(id) cannot be read.") }
        self.scope = scope
        self.period = period
        amount = Money(microdollars: Int64(try row.integer("amount")))
        createdAt = try row.timestamp("created_at")
    }

    /// As the API shows it; `amount` in dollars as a text, so that it is exact.
    package var json: JSON {
        [
            "id": .string(id.description), "scope": .string(scope.word), "subject": .string(scope.subject),
            "period": .string(period.rawValue), "amount": .string(String(amount.description.dropFirst())),
            "created_at": .string(createdAt.description),
        ]
    }
}
