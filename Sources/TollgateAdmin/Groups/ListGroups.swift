internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/organizations`, `/v1/teams` and `/v1/users` list, filter, search and sort
/// groups.
enum ListGroups<Groups: GroupRoute>: APIOperation {
    static var method: HTTPRequest.Method { .get }
    static var path: String { "/v1/\(Groups.plural)" }
    static var permission: APIPermission { .manageKeys }
    static var name: String {
        "List\(Groups.plural.prefix(1).uppercased())\(Groups.plural.dropFirst())"
    }
    static var summary: String { "Lists, filters, searches and sorts \(Groups.plural)." }

    static var shape: OperationShape? {
        .reading(
            OperationShape.page(of: Groups.plural, GroupSchema.record(Groups.kind).answer),
            OperationShape.paging(
                GroupFilter.parameters(Groups.kind)
                    + [ListOrder<GroupSortField>.parameter(usually: "By id")]
            )
        )
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let filter = try GroupFilter(&query, Groups.kind)
        let order: ListOrder<GroupSortField> = try query.order()
        let cursors = order.cursors(of: path)
        let start = try query.start(in: cursors) { GroupID(Groups.kind, $0.id) == nil ? nil : $0 }
        try query.finish()
        let groups = SeenGroups(
            registry: services.groups,
            kind: Groups.kind,
            viewer: call.principal
        )
        let page = try groups.page(in: order, after: start, limit: limit) { filter.wants($0) }
        return APIReply(
            .object([
                JSONValue.Member(
                    Groups.plural,
                    .array(page.records.map { GroupDocument.json($0) })
                ),
                JSONValue.Member("next_cursor", cursors.json(behind: page.next)),
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

    /// The parameters, as documentation names them.
    static func parameters(_ kind: GroupKind) -> [OperationShape.Parameter] {
        var parameters: [OperationShape.Parameter] = [
            .init("name", .text, "Those of exactly this name."),
            .init("status", .words(GroupStatus.allCases.map(\.rawValue)), "Those of this status."),
            .init("q", .text, "Those with this in their id, name or description."),
        ]
        if kind != .organization {
            parameters.append(.init("organization_id", .text, "Those of this organization."))
        }
        if kind == .user { parameters.append(.init("team_id", .text, "Those of this team.")) }
        return parameters
    }

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
