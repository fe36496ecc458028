package import CupelCore
import Storage

/// The name of a person.
package typealias PersonID = Identifier<Person>
/// The name of a team.
package typealias TeamID = Identifier<Team>
/// The name of a project.
package typealias ProjectID = Identifier<Project>

/// Somebody who asks models, alone or in a team.
package struct Person: Sendable, Hashable {
    package let id: PersonID
    /// Unique among people; rules of the policy name it.
    package var name: String
    /// The team that the person's keys also count to.
    package var team: TeamID?
    /// Whether every key of the person is refused.
    package var isDisabled: Bool
    package let createdAt: Timestamp

    /// A person; identity and time of making do not change afterwards.
    package init(id: PersonID, name: String, team: TeamID? = nil, isDisabled: Bool = false, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.team = team
        self.isDisabled = isDisabled
        self.createdAt = createdAt
    }

    init(row: Row) throws {
        id = try row.identifier("id")
        name = try row.text("name")
        team = try row.optionalText("team_id").flatMap { TeamID($0) }
        isDisabled = try row.flag("is_disabled")
        createdAt = try row.timestamp("created_at")
    }

    /// As the API shows it.
    package var json: JSON {
        [
            "id": .string(id.description), "name": .string(name),
            "team": team.map { .string($0.description) } ?? .null, "disabled": .bool(isDisabled),
            "created_at": .string(createdAt.description),
        ]
    }
}

/// People and projects whose calls are limited and paid together.
package struct Team: Sendable, Hashable {
    package let id: TeamID
    /// Unique among teams; rules of the policy name it.
    package var name: String
    /// Limits that all keys of the team share.
    package var limits: CallLimits
    package let createdAt: Timestamp

    /// A team; identity and time of making do not change afterwards.
    package init(id: TeamID, name: String, limits: CallLimits = .none, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.limits = limits
        self.createdAt = createdAt
    }

    init(row: Row) throws {
        id = try row.identifier("id")
        name = try row.text("name")
        limits = try CallLimits(row: row)
        createdAt = try row.timestamp("created_at")
    }

    /// As the API shows it.
    package var json: JSON {
        [
            "id": .string(id.description), "name": .string(name), "limits": limits.json,
            "created_at": .string(createdAt.description),
        ]
    }
}

/// Something that is worked on, by one team or by nobody in particular.
package struct Project: Sendable, Hashable {
    package let id: ProjectID
    /// Unique among projects; rules of the policy name it.
    package var name: String
    /// The team that the project's keys also count to.
    package var team: TeamID?
    package let createdAt: Timestamp

    /// A project; identity and time of making do not change afterwards.
    package init(id: ProjectID, name: String, team: TeamID? = nil, createdAt: Timestamp) {
        self.id = id
        self.name = name
        self.team = team
        self.createdAt = createdAt
    }

    init(row: Row) throws {
        id = try row.identifier("id")
        name = try row.text("name")
        team = try row.optionalText("team_id").flatMap { TeamID($0) }
        createdAt = try row.timestamp("created_at")
    }

    /// As the API shows it.
    package var json: JSON {
        [
            "id": .string(id.description), "name": .string(name),
            "team": team.map { .string($0.description) } ?? .null, "created_at": .string(createdAt.description),
        ]
    }
}
