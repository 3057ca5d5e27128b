internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/keys` creates a key; the answer holds its secret, this once.
enum CreateKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys"
    static let name = "CreateKey"
    static let summary = "Creates a key; the answer holds its secret, this once."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape(reply: KeySchema.key.answer)
        shape.body = KeySchema.key.creation
        shape.status = .created
        shape.hasVersion = true
        shape.example = KeySchema.example
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let now = services.time.now().wall
        let changes = try KeyFields.changes(in: try call.document(), to: nil, at: now)
        return try create(changes, call, services, at: path, KeyDocument.json)
    }

    /// Creates a key and shows it in one of the ways in which keys are shown.
    static func create(
        _ changes: KeyChanges,
        _ call: APICall,
        _ services: AdminServices,
        at path: String,
        _ show: (KeyRecord, WallTime, String?, KeyUse?) -> JSONValue
    ) throws(APIError) -> APIReply {
        let (record, secret) = try APIError.translating { () throws(RegistryError) in
            try services.registry.create(changes, by: call.principal)
        }
        let key = show(record, services.time.now().wall, secret, nil)
        var reply = APIReply(key, version: record.version)
        reply.status = .created
        reply.headers[.location] = "\(path)/\(record.id)"
        return reply
    }
}
