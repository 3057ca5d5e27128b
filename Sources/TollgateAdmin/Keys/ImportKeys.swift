internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/keys/import` takes over keys that clients already have, by their secrets or the SHA-256
/// of those, one behind the other: what becomes of each is in the answer.
///
/// No secret is in the answer: whoever imports has it.
enum ImportKeys: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys/import"
    static let name = "ImportKeys"
    static let summary = "Takes over up to 1000 keys that clients already have."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape(reply: BulkSchema.importAnswer)
        shape.body = .object([
            .init(
                name: "keys",
                description: "",
                schema: .list(of: BulkSchema.imported.creation, limit: BulkSchema.limit),
                isRequired: true
            )
        ])
        shape.example = ["keys": .array([["name": "chat-frontend", "api_key": "sk-…"]])]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        var reader = try ObjectReader(try call.document())
        guard
            case .value(.array(let elements)) = reader.take("keys"),
            (1...BulkSchema.limit).contains(elements.count)
        else { throw .invalidField("keys", "must be an array of 1 to \(BulkSchema.limit) keys") }
        try reader.finish()
        var results: [JSONValue] = []
        var count = 0
        for (index, element) in elements.enumerated() {
            var members = [JSONValue.Member("index", .integer(Int64(index)))]
            do {
                let path = FieldPath().member("keys").element(index)
                members += try take(element, at: path, call.principal, services)
                count += 1
            } catch {
                members += error.members
            }
            results.append(.object(members))
        }
        if count > 0 {
            let imported = count
            try APIError.translating { () throws(RegistryError) in
                try services.registry.noteImport(of: imported, by: call.principal)
            }
        }
        return APIReply([
            "results": .array(results),
            "imported": .integer(Int64(count)),
            "failed": .integer(Int64(elements.count - count)),
        ])
    }

    /// Takes over one key.
    ///
    /// - Returns: what the answer says of it, behind its index.
    private static func take(
        _ element: JSONValue,
        at path: FieldPath,
        _ creator: Principal,
        _ services: AdminServices
    ) throws(APIError) -> [JSONValue.Member] {
        guard case .object(let members) = element else {
            throw .invalidField(path, "must be an object, not \(element.kind)")
        }
        var secrets = try ObjectReader(
            .object(members.filter { isSecret($0.name) }),
            at: path
        )
        let fields = JSONValue.object(members.filter { !isSecret($0.name) })
        let secret = try secret(in: &secrets, at: path)
        let now = services.time.now().wall
        let changes = try KeyFields.changes(in: fields, to: nil, at: now, path: path)
        do {
            let record = try services.registry.importKey(changes, secret, by: creator)
            return [
                JSONValue.Member("ok", true),
                JSONValue.Member("id", .string("\(record.id)")),
                JSONValue.Member("masked_key", JSONValue(record.secrets.first?.masked)),
            ]
        } catch {
            throw APIError(error.within("\(path)"))
        }
    }

    private static func isSecret(_ name: String) -> Bool {
        name == "api_key" || name == "sha256"
    }

    private static func secret(
        in reader: inout ObjectReader,
        at path: FieldPath
    ) throws(APIError) -> ImportedSecret {
        let plaintext = try reader.text("api_key").orNil
        let hash = try reader.text("sha256").orNil
        switch (plaintext, hash) {
        case (let text?, nil): return .plaintext(text)
        case (nil, let text?): return .sha256(text)
        case (nil, nil): throw .invalidField(path.member("api_key"), "is missing, and so is sha256")
        default:
            throw .contradiction("\(path).sha256", "cannot be there together with api_key")
        }
    }
}

extension RegistryError {
    /// The same refusal, of something that is a part of what was sent.
    fileprivate func within(_ path: String) -> RegistryError {
        switch self {
        case .invalid(let field, let problem): .invalid(field: "\(path).\(field)", problem)
        case .forbidden(let field, let problem): .forbidden(field: "\(path).\(field)", problem)
        case .secretTaken(let field): .secretTaken(field: "\(path).\(field)")
        default: self
        }
    }
}
