internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `PATCH /v1/keys/{id}` changes a key; `If-Match` keeps two writers from overwriting each other.
enum UpdateKey: APIOperation {
    static let method = HTTPRequest.Method.patch
    static let path = "/v1/keys/{id}"
    static let permission = APIPermission.manageKeys

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let id = try call.keyID()
        let document = try call.document()
        return try VersionedMerge.run(call.headers) { (required) throws(APIError) in
            try merge(document, into: id, required, call.principal, services)
        }
    }

    /// Changes the key as it is now, and only if it is still so when the change is written.
    private static func merge(
        _ document: JSONValue,
        into id: KeyID,
        _ required: UInt64?,
        _ editor: Principal,
        _ services: AdminServices
    ) throws(APIError) -> APIReply {
        let now = services.time.now().wall
        let old = try APIError.translating { () throws(RegistryError) in
            try services.registry.key(id)
        }
        if let required, required != old.version { throw .versionMismatch }
        let changes = try KeyFields.changes(in: document, to: old, at: now)
        let record = try APIError.translating { () throws(RegistryError) in
            try services.registry.update(id, version: old.version, changes, by: editor)
        }
        return APIReply(KeyDocument.json(record, at: now), version: record.version)
    }
}
