internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `DELETE /v1/keys/{id}` revokes a key for good; its record and its audit log stay.
enum DeleteKey: APIOperation {
    static let method = HTTPRequest.Method.delete
    static let path = "/v1/keys/{id}"
    static let name = "DeleteKey"
    static let summary = "Revokes a key for good; its record and its audit log stay."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = SetKeyStatus.shape
        shape.takesVersion = true
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let id = try call.keyID()
        try call.expectNoFields()
        let required = try EntityTag.required(call.headers)
        let record = try APIError.translating { () throws(RegistryError) in
            try services.registry.delete(id, version: required, by: call.principal)
        }
        return APIReply(
            KeyDocument.json(record, at: services.time.now().wall),
            version: record.version
        )
    }
}
