internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/keys` creates a key; the answer holds its secret, this once.
enum CreateKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys"
    static let permission = APIPermission.manageKeys

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let now = services.time.now().wall
        let changes = try KeyFields.changes(in: try call.document(), to: nil, at: now)
        let (record, secret) = try APIError.translating { () throws(RegistryError) in
            try services.registry.create(changes, by: call.principal)
        }
        let key = KeyDocument.json(record, at: now, secret: secret)
        var reply = APIReply(key, version: record.version)
        reply.status = .created
        reply.headers[.location] = "/v1/keys/\(record.id)"
        return reply
    }
}
