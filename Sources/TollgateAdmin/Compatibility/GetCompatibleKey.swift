internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/manage/keys/{id}` and `/v1/api-keys/{id}` read a key.
enum GetCompatibleKey<Product: CompatibleProduct>: APIOperation {
    static var method: HTTPRequest.Method { .get }
    static var path: String { Product.path + "/{id}" }
    static var name: String { "Get\(Product.noun)" }
    static var summary: String { "Reads a key, as another product would." }
    static var permission: APIPermission { .manageKeys }
    static var isInRPC: Bool { false }

    static var shape: OperationShape? {
        .reading(Product.schema.answer, hasVersion: true)
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try QueryReader(call.query).finish()
        let id = try call.keyID()
        let record = try APIError.translating { () throws(RegistryError) in
            try services.registry.key(id, seenBy: call.principal)
        }
        let use = try services.fullUse(of: id)
        let now = services.time.now().wall
        return APIReply(
            Product.json(record, at: now, secret: nil, use: use),
            version: record.version
        )
    }
}

/// `GET /v1/manage/keys` and `/v1/api-keys` list keys, the newest first; filters are those of
/// `/v1/keys`.
enum ListCompatibleKeys<Product: CompatibleProduct>: APIOperation {
    static var method: HTTPRequest.Method { .get }
    static var path: String { Product.path }
    static var name: String { "List\(Product.noun)s" }
    static var summary: String { "Lists keys, as another product would." }
    static var permission: APIPermission { .manageKeys }
    static var isInRPC: Bool { false }

    static var shape: OperationShape? {
        .reading(OperationShape.page(of: "keys", Product.schema.answer), ListKeys.parameters)
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let now = services.time.now().wall
        return try ListKeys.page(of: path, call, services) { record, use in
            Product.json(record, at: now, secret: nil, use: use)
        }
    }
}
