internal import TollgateAdmin

/// A kind of groups: how the commands about them are called, and where the API has them.
protocol GroupWord {
    static var command: String { get }

    /// One of them, in a sentence.
    static var noun: String { get }

    /// The path and the member that holds a list.
    static var plural: String { get }

    /// The columns of a list, and the field in each.
    static var columns: [(heading: String, field: String)] { get }
}

/// `tollgate orgs`.
enum OrgWord: GroupWord {
    static let command = "orgs"
    static let noun = "organization"
    static let plural = "organizations"
    static let columns: [(heading: String, field: String)] = [
        ("ID", "id"), ("NAME", "name"), ("STATUS", "status"),
        ("CREDITS", "credits"),
    ]
}

/// `tollgate teams`.
enum TeamWord: GroupWord {
    static let command = "teams"
    static let noun = "team"
    static let plural = "teams"
    static let columns: [(heading: String, field: String)] = [
        ("ID", "id"), ("NAME", "name"), ("STATUS", "status"),
        ("ORGANIZATION", "organization_id"),
    ]
}

/// `tollgate users`.
enum UserWord: GroupWord {
    static let command = "users"
    static let noun = "user"
    static let plural = "users"
    static let columns: [(heading: String, field: String)] = [
        ("ID", "id"), ("NAME", "name"), ("STATUS", "status"),
        ("ORGANIZATION", "organization_id"), ("TEAM", "team_id"),
    ]
}

extension GroupWord {
    /// The path of one of them, with something behind it.
    static func path(of id: String, _ suffix: String = "") -> String {
        "/v1/\(plural)/\(ServerAddress.escaped(id))\(suffix)"
    }

    /// A line for each group of a list.
    static func table(_ document: JSONValue) -> [String] {
        var table = Table(columns.map(\.heading))
        for group in document[plural]?.elements ?? [] {
            table.add(columns.map { group.cell($0.field) })
        }
        return table.lines()
    }
}
