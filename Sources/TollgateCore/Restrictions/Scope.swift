/// Which keys and groups an administrator sees: those that belong where it belongs itself.
package struct Scope: Equatable, Sendable {
    package var organization: String?
    package var team: String?
    package var user: String?

    /// All there is.
    package static let everything = Scope()

    package init(organization: String? = nil, team: String? = nil, user: String? = nil) {
        self.organization = organization
        self.team = team
        self.user = user
    }

    /// The scope of a key.
    package init(of record: KeyRecord) {
        self.init(organization: record.organization, team: record.team, user: record.user)
    }

    /// Whether it is all there is.
    package var isEverything: Bool { self == .everything }

    /// Whether a key is within it.
    package func contains(_ record: KeyRecord) -> Bool {
        holds(organization, record.organization) && holds(team, record.team)
            && holds(user, record.user)
    }

    /// Whether a group is within it.
    ///
    /// A team is within its own scope and so are its users; an organisation is not within that of
    /// one of its teams.
    package func contains(_ record: GroupRecord) -> Bool {
        let name = record.id.name
        switch record.id.kind {
        case .organization:
            return team == nil && user == nil && holds(organization, name)
        case .team:
            return user == nil && holds(organization, record.organization) && holds(team, name)
        case .user:
            return holds(organization, record.organization) && holds(team, record.team)
                && holds(user, name)
        }
    }

    /// Whether the scope is that of a key that belongs to this group.
    package func isBelow(_ id: GroupID) -> Bool {
        switch id.kind {
        case .organization: organization == id.name
        case .team: team == id.name
        case .user: user == id.name
        }
    }

    private func holds(_ own: String?, _ other: String?) -> Bool {
        own == nil || own == other
    }
}
