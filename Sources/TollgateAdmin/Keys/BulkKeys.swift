internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/keys/bulk` does the same to many keys, one behind the other: what becomes of each is in
/// the answer, and what was done to some is not taken back when others fail.
enum BulkKeys: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys/bulk"
    static let name = "BulkKeys"
    static let summary = "Does the same to up to 1000 keys, and answers for each of them."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape(reply: BulkSchema.answer)
        shape.body = .object([
            .init(
                name: "action",
                description: "What is done to each.",
                schema: .words(Action.allCases.map(\.rawValue)),
                isRequired: true
            ),
            .init(
                name: "ids",
                description: "Those of keys, each once.",
                schema: .list(of: .text, limit: BulkSchema.limit),
                isRequired: true
            ),
            .init(
                name: "grace",
                description: "Of a rotation: how long the last secrets go on working.",
                schema: BulkSchema.span.orNull
            ),
        ])
        shape.example = ["action": "disable", "ids": .array(["…"])]
        return shape
    }

    private enum Action: String, CaseIterable {
        case enable
        case disable
        case revoke
        case delete
        case rotate
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let (action, ids, grace) = try request(of: call)
        var results: [JSONValue] = []
        var failures: Int64 = 0
        for id in ids {
            var members = [JSONValue.Member("id", .string(id))]
            do {
                members += try carryOut(action, id, grace, call.principal, services)
            } catch {
                failures += 1
                members += error.members
            }
            results.append(.object(members))
        }
        return APIReply([
            "results": .array(results),
            "succeeded": .integer(Int64(ids.count) - failures),
            "failed": .integer(failures),
        ])
    }

    private static func request(
        of call: APICall
    ) throws(APIError) -> (Action, ids: [String], grace: Int64) {
        var reader = try ObjectReader(try call.document())
        guard let action = try reader.text("action").orNil.flatMap(Action.init(rawValue:)) else {
            let words = Action.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalidField("action", "must be one of \(words)")
        }
        guard let ids = try reader.texts("ids").orNil, (1...BulkSchema.limit).contains(ids.count)
        else {
            throw .invalidField("ids", "must be an array of 1 to \(BulkSchema.limit) ids of keys")
        }
        guard Set(ids).count == ids.count else { throw .invalidField("ids", "names a key twice") }
        let grace = try reader.duration("grace").orNil
        guard grace == nil || action == .rotate else {
            throw .contradiction("grace", "is for rotations")
        }
        try reader.finish()
        return (action, ids, grace ?? RotateKey.defaultGrace)
    }

    /// Does it to one key.
    ///
    /// - Returns: what the answer says of it, behind its id.
    private static func carryOut(
        _ action: Action,
        _ id: String,
        _ grace: Int64,
        _ editor: Principal,
        _ services: AdminServices
    ) throws(APIError) -> [JSONValue.Member] {
        guard let id = KeyID(id) else { throw .noSuchKey }
        let registry = services.registry
        var secret: String?
        let record = try APIError.translating { () throws(RegistryError) -> KeyRecord in
            switch action {
            case .enable: return try registry.setStatus(.enabled, of: id, by: editor)
            case .disable: return try registry.setStatus(.disabled, of: id, by: editor)
            case .revoke: return try registry.setStatus(.revoked, of: id, by: editor)
            case .delete: return try registry.delete(id, by: editor)
            case .rotate:
                let rotated = try registry.rotate(id, grace: grace, by: editor)
                secret = rotated.secret
                return rotated.record
            }
        }
        let status = record.effectiveStatus(at: services.time.now().wall).name
        var members = [
            JSONValue.Member("ok", true), JSONValue.Member("status", .string(status)),
        ]
        if let secret { members.append(JSONValue.Member("api_key", .string(secret))) }
        return members
    }
}

extension APIError {
    /// The refusal as part of an answer about many things.
    var members: [JSONValue.Member] {
        let error = document["error"] ?? .null
        return [
            JSONValue.Member("ok", false),
            JSONValue.Member("error", error),
            JSONValue.Member("http_status", .integer(Int64(status.code))),
        ]
    }
}
