internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `DELETE /v1/organizations/{id}` and its like give a group up for good: its keys stop working; its
/// record and what it has used stay.
enum DeleteGroup<Groups: GroupRoute>: APIOperation {
    static var method: HTTPRequest.Method { .delete }
    static var path: String { "/v1/\(Groups.plural)/{id}" }
    static var permission: APIPermission { .manageKeys }
    static var name: String { "Delete\(Groups.singular)" }
    static var summary: String { "Gives \(Groups.phrase) up for good: its keys stop working." }

    static var shape: OperationShape? {
        var shape = OperationShape(reply: GroupSchema.record(Groups.kind).answer)
        shape.hasVersion = true
        shape.takesVersion = true
        shape.refusals = [.conflict]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let id = try call.groupID(Groups.kind)
        try call.expectNoFields()
        let required = try EntityTag.required(call.headers)
        let record = try APIError.translating(about: Groups.kind.noun) {
            () throws(RegistryError) in
            try services.groups.delete(id, version: required, by: call.principal)
        }
        return APIReply(GroupDocument.json(record), version: record.version)
    }
}
