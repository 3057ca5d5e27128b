internal import TollgateCore
internal import TollgateEngine

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

extension GroupRoute {
    /// The name of one, as operations are named after it: `Organization`.
    static var singular: String { GroupSchema.name(of: kind) }

    /// One of them in a sentence: `an organization`.
    static var phrase: String { (kind == .organization ? "an " : "a ") + kind.noun }

    /// A body that creates one, to try it with.
    static var example: JSONValue {
        kind == .organization
            ? ["id": "acme"] : ["id": "search", "organization_id": "acme"]
    }
}
