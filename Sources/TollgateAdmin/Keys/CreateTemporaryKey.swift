internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/keys/temporary` creates a key for a while, alone or as one of a session.
///
/// It takes what `POST /v1/keys` takes; an end is needed, a name is not.
enum CreateTemporaryKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys/temporary"
    static let name = "CreateTemporaryKey"
    static let summary = "Creates a key that ends by itself, or with its session."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape(reply: KeySchema.key.answer)
        shape.body = KeySchema.temporary.creation
        shape.status = .created
        shape.hasVersion = true
        shape.example = ["expires_in": 900, "permissions": ["max_requests": 10]]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try create(call, services, at: "/v1/keys", KeyDocument.json)
    }

    /// Creates a key and shows it in one of the ways in which keys are shown.
    static func create(
        _ call: APICall,
        _ services: AdminServices,
        at path: String,
        _ show: (KeyRecord, WallTime, String?, KeyUse?) -> JSONValue
    ) throws(APIError) -> APIReply {
        let now = services.time.now().wall
        var changes = try KeyFields.changes(in: try call.document(), to: nil, at: now)
        guard changes.type == nil || changes.type == .temporary else {
            throw .invalidField("key_type", "must be temporary here")
        }
        changes.type = .temporary
        changes.name = changes.name ?? "temporary key"
        return try CreateKey.create(changes, call, services, at: path, show)
    }
}
