internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/keys/{id}` reads a key, what it has used and what is left of its own limits.
enum GetKey: APIOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/v1/keys/{id}"
    static let name = "GetKey"
    static let summary = "Reads a key, what it has used and what is left of its limits."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? { .reading(KeySchema.key.answer, hasVersion: true) }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try QueryReader(call.query).finish()
        let id = try call.keyID()
        let record = try APIError.translating { () throws(RegistryError) in
            try services.registry.key(id, seenBy: call.principal)
        }
        let use = try services.fullUse(of: id)
        return APIReply(
            KeyDocument.json(record, at: services.time.now().wall, use: use),
            version: record.version
        )
    }
}
