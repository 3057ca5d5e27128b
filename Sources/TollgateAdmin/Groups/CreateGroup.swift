internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/organizations`, `/v1/teams` and `/v1/users` create a group.
enum CreateGroup<Groups: GroupRoute>: APIOperation {
    static var method: HTTPRequest.Method { .post }
    static var path: String { "/v1/\(Groups.plural)" }
    static var permission: APIPermission { .manageKeys }
    static var name: String { "Create\(Groups.singular)" }
    static var summary: String { "Creates \(Groups.phrase)." }

    static var shape: OperationShape? {
        var shape = OperationShape(reply: GroupSchema.record(Groups.kind).answer)
        shape.body = GroupSchema.record(Groups.kind).creation
        shape.status = .created
        shape.hasVersion = true
        shape.example = Groups.example
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let (id, changes) = try GroupFields.changes(
            in: try call.document(),
            Groups.kind,
            to: nil,
            at: services.time.now().wall
        )
        let record = try APIError.translating(about: Groups.kind.noun) {
            () throws(RegistryError) in
            try services.groups.create(Groups.kind, id: id, changes, by: call.principal)
        }
        var reply = APIReply(GroupDocument.json(record), version: record.version)
        reply.status = .created
        reply.headers[.location] = "\(path)/\(record.id.name)"
        return reply
    }
}
