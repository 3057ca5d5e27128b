internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/keys/{id}` reads a key.
enum GetKey: APIOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/v1/keys/{id}"
    static let permission = APIPermission.manageKeys

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try QueryReader(call.query).finish()
        let id = try call.keyID()
        let record = try APIError.translating { () throws(RegistryError) in
            try services.registry.key(id)
        }
        return APIReply(
            KeyDocument.json(record, at: services.time.now().wall),
            version: record.version
        )
    }
}
