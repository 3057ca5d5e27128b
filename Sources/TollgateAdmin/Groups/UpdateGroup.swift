internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `PATCH /v1/organizations/{id}` and its like change a group; `If-Match` keeps two writers from
/// overwriting each other.
enum UpdateGroup<Groups: GroupRoute>: APIOperation {
    static var method: HTTPRequest.Method { .patch }
    static var path: String { "/v1/\(Groups.plural)/{id}" }
    static var permission: APIPermission { .manageKeys }
    static var name: String { "Update\(Groups.singular)" }
    static var summary: String {
        "Changes \(Groups.phrase): what is not there stays as it is, null empties."
    }

    static var shape: OperationShape? {
        var shape = OperationShape(reply: GroupSchema.record(Groups.kind).answer)
        shape.body = GroupSchema.record(Groups.kind).change
        shape.hasVersion = true
        shape.takesVersion = true
        shape.refusals = [.conflict]
        shape.example = ["budget_limits": ["monthly": 500]]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let id = try call.groupID(Groups.kind)
        let document = try call.document()
        return try VersionedMerge.run(call.headers) { (required) throws(APIError) in
            try merge(document, into: id, required, call.principal, services)
        }
    }

    private static func merge(
        _ document: JSONValue,
        into id: GroupID,
        _ required: UInt64?,
        _ editor: Principal,
        _ services: AdminServices
    ) throws(APIError) -> APIReply {
        let noun = Groups.kind.noun
        let old = try APIError.translating(about: noun) { () throws(RegistryError) in
            try services.groups.group(id, seenBy: editor)
        }
        if let required, required != old.version { throw .versionMismatch }
        let now = services.time.now().wall
        let (_, changes) = try GroupFields.changes(in: document, Groups.kind, to: old, at: now)
        let record = try APIError.translating(about: noun) { () throws(RegistryError) in
            try services.groups.update(id, version: old.version, changes, by: editor)
        }
        return APIReply(GroupDocument.json(record), version: record.version)
    }
}
