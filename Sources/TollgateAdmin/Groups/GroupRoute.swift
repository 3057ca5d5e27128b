internal import TollgateCore

/// A kind of groups and where the API has them.
protocol GroupRoute: Sendable {
    static var kind: GroupKind { get }

    /// The word for many of them: the path, and the member that holds a list.
    static var plural: String { get }
}

/// `/v1/organizations`.
enum Organizations: GroupRoute {
    static let kind = GroupKind.organization
    static let plural = "organizations"
}

/// `/v1/teams`.
enum Teams: GroupRoute {
    static let kind = GroupKind.team
    static let plural = "teams"
}

/// `/v1/users`.
enum Users: GroupRoute {
    static let kind = GroupKind.user
    static let plural = "users"
}
