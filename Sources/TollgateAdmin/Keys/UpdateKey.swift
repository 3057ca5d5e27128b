internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `PATCH /v1/keys/{id}` changes a key; `If-Match` keeps two writers from overwriting each other.
enum UpdateKey: APIOperation {
    static let method = HTTPRequest.Method.patch
    static let path = "/v1/keys/{id}"
    static let name = "UpdateKey"
    static let summary = "Changes a key: what is not there stays as it is, null empties."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape(reply: KeySchema.key.answer)
        shape.body = KeySchema.key.change
        shape.hasVersion = true
        shape.takesVersion = true
        shape.refusals = [.conflict]
        shape.example = ["rate_limits": ["per_minute": 120], "description": .null]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let document = try call.document()
        return try merge(
            call,
            services,
            read: { (record, now) throws(APIError) in
                try KeyFields.changes(in: document, to: record, at: now)
            },
            show: { KeyDocument.json($0, at: $1) }
        )
    }

    /// Changes the key as it is now, and only if it is still so when the change is written.
    ///
    /// - Parameters:
    ///   - call: names the key.
    ///   - services: where it is.
    ///   - read: what is to be different about a key, now.
    ///   - show: the key as it is answered.
    /// - Returns: the answer.
    /// - Throws: what `read` throws, what the registry refuses, and 412.
    static func merge(
        _ call: APICall,
        _ services: AdminServices,
        read: (KeyRecord, WallTime) throws(APIError) -> KeyChanges,
        show: (KeyRecord, WallTime) -> JSONValue
    ) throws(APIError) -> APIReply {
        let id = try call.keyID()
        let editor = call.principal
        return try VersionedMerge.run(call.headers) { (required) throws(APIError) in
            let now = services.time.now().wall
            let old = try APIError.translating { () throws(RegistryError) in
                try services.registry.key(id, seenBy: editor)
            }
            if let required, required != old.version { throw .versionMismatch }
            let changes = try read(old, now)
            let record = try APIError.translating { () throws(RegistryError) in
                try services.registry.update(id, version: old.version, changes, by: editor)
            }
            return APIReply(show(record, now), version: record.version)
        }
    }
}
