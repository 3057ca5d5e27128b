internal import TollgateCore

/// Which keys a list shows: those that meet every parameter that is there.
struct KeyFilter {
    /// The parameters, as documentation names them.
    static let parameters: [OperationShape.Parameter] = [
        .init("name", .text, "Keys of exactly this name."),
        .init("status", .words(KeyStatus.allCases.map(\.name)), "Keys of this status."),
        .init("group", .text, "Keys with this label."),
        .init("model", .text, "Keys that may use this model."),
        .init("organization_id", .text, "Keys of this organization."),
        .init("team_id", .text, "Keys of this team."),
        .init("user_id", .text, "Keys of this user."),
        .init("q", .text, "Keys with this in their id, name or description."),
    ]

    private let now: WallTime
    private let name: String?
    private let status: KeyStatus?
    private let group: String?
    private let model: [UInt8]?
    private let organization: String?
    private let team: String?
    private let user: String?
    private let search: String?

    /// Takes its parameters out of a query.
    ///
    /// `name`, `group` and the ids of groups are met exactly, `model` by keys that may use it, and `q` by a part of the
    /// id, the name or the description, capitals or not.
    init(_ query: inout QueryReader, at now: WallTime) throws(APIError) {
        self.now = now
        name = query.text("name")
        status = try query.value("status", "must be enabled, disabled, revoked or expired") {
            text in
            KeyStatus.allCases.first { $0.name == text }
        }
        group = query.text("group")
        model = query.text("model").map { Array($0.utf8) }
        organization = query.text("organization_id")
        team = query.text("team_id")
        user = query.text("user_id")
        search = query.text("q")?.lowercased()
    }

    /// Whether the list shows this key.
    func wants(_ record: KeyRecord) -> Bool {
        if let name, record.name != name { return false }
        if let status, record.effectiveStatus(at: now) != status { return false }
        if let group, record.group != group { return false }
        if let organization, record.organization != organization { return false }
        if let team, record.team != team { return false }
        if let user, record.user != user { return false }
        if let search, !KeyFilter.mentions(search, record) { return false }
        if let model, !KeyFilter.permits(model, record) { return false }
        return true
    }

    private static func mentions(_ search: String, _ record: KeyRecord) -> Bool {
        "\(record.id)".contains(search) || record.name.lowercased().contains(search)
            || record.description.lowercased().contains(search)
    }

    /// Whether the lists of the key permit a model; its status and everything else aside.
    private static func permits(_ model: [UInt8], _ record: KeyRecord) -> Bool {
        let rule = NameRule(
            allowed: record.models.allowed.compactMap { Pattern($0) },
            denied: record.models.denied.compactMap { Pattern($0) }
        )
        return rule.permits(model.span)
    }
}
