internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/organizations/{id}` and its like read a group, what it has used and what is left.
enum GetGroup<Groups: GroupRoute>: APIOperation {
    static var method: HTTPRequest.Method { .get }
    static var path: String { "/v1/\(Groups.plural)/{id}" }
    static var permission: APIPermission { .manageKeys }
    static var name: String { "Get\(Groups.singular)" }
    static var summary: String { "Reads \(Groups.phrase), what it has used and what is left." }

    static var shape: OperationShape? {
        .reading(GroupSchema.record(Groups.kind).answer, hasVersion: true)
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try QueryReader(call.query).finish()
        let id = try call.groupID(Groups.kind)
        let record = try APIError.translating(about: Groups.kind.noun) {
            () throws(RegistryError) in
            try services.groups.group(id, seenBy: call.principal)
        }
        let usage = try services.usage(of: id)
        return APIReply(GroupDocument.json(record, usage: usage), version: record.version)
    }
}

/// `GET /v1/organizations/{id}/usage` and its like read what a group has used.
enum GetGroupUsage<Groups: GroupRoute>: APIOperation {
    static var method: HTTPRequest.Method { .get }
    static var path: String { "/v1/\(Groups.plural)/{id}/usage" }
    static var permission: APIPermission { .viewAllUsage }
    static var name: String { "Get\(Groups.singular)Usage" }
    static var summary: String { "Reads what \(Groups.phrase) has used." }

    static var shape: OperationShape? { .reading(UsageSchema.answer(of: Groups.kind.field)) }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try QueryReader(call.query).finish()
        let id = try call.groupID(Groups.kind)
        _ = try APIError.translating(about: Groups.kind.noun) { () throws(RegistryError) in
            try services.groups.group(id, seenBy: call.principal)
        }
        let usage = try services.usage(of: id)
        return APIReply(
            .object(
                [JSONValue.Member(Groups.kind.field, .string(id.name))]
                    + UsageDocument.members(usage)
                    + [JSONValue.Member("limits", .array(usage.limits.map(UsageDocument.json)))]
            )
        )
    }
}
