internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/organizations`, `/v1/teams` and `/v1/users` list, filter and search groups by id.
enum ListGroups<Groups: GroupRoute>: APIOperation {
    static var method: HTTPRequest.Method { .get }
    static var path: String { "/v1/\(Groups.plural)" }
    static var permission: APIPermission { .manageKeys }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let cursor = try query.value("cursor", "must be a next_cursor of this list") { text in
            GroupID(Groups.kind, text)?.name
        }
        let filter = try GroupFilter(&query, Groups.kind)
        try query.finish()
        let page = try APIError.translating(about: Groups.kind.noun) {
            () throws(RegistryError) in
            try services.groups.groups(Groups.kind, after: cursor, limit: limit) {
                filter.wants($0)
            }
        }
        return APIReply(
            .object([
                JSONValue.Member(
                    Groups.plural,
                    .array(page.records.map { GroupDocument.json($0) })
                ),
                JSONValue.Member("next_cursor", JSONValue(page.next)),
            ])
        )
    }
}

/// Which groups a list shows: those that meet every parameter that is there.
private struct GroupFilter {
    private let name: String?
    private let status: GroupStatus?
    private let organization: String?
    private let team: String?
    private let search: String?

    init(_ query: inout QueryReader, _ kind: GroupKind) throws(APIError) {
        name = query.text("name")
        status = try query.value("status", "must be enabled, disabled or deleted") { text in
            GroupStatus(rawValue: text)
        }
        organization = kind == .organization ? nil : query.text("organization_id")
        team = kind == .user ? query.text("team_id") : nil
        search = query.text("q")?.lowercased()
    }

    func wants(_ record: GroupRecord) -> Bool {
        if let name, record.name != name { return false }
        if let status, record.status != status { return false }
        if let organization, record.organization != organization { return false }
        if let team, record.team != team { return false }
        guard let search else { return true }
        return [record.id.name, record.name, record.description].contains {
            $0.lowercased().contains(search)
        }
    }
}
