internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `DELETE /v1/organizations/{id}` and its like give a group up for good: its keys stop working; its
/// record and what it has used stay.
enum DeleteGroup<Groups: GroupRoute>: APIOperation {
    static var method: HTTPRequest.Method { .delete }
    static var path: String { "/v1/\(Groups.plural)/{id}" }
    static var permission: APIPermission { .manageKeys }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let id = try call.groupID(Groups.kind)
        try call.expectNoFields()
        let record = try APIError.translating(about: Groups.kind.noun) {
            () throws(RegistryError) in
            try services.groups.delete(id)
        }
        return APIReply(GroupDocument.json(record), version: record.version)
    }
}
