internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `PATCH /v1/manage/keys/{id}` and `/v1/api-keys/{id}` change a key.
enum UpdateCompatibleKey<Product: CompatibleProduct>: APIOperation {
    static var method: HTTPRequest.Method { .patch }
    static var path: String { Product.path + "/{id}" }
    static var name: String { "Update\(Product.noun)" }
    static var summary: String { "Changes a key, as another product would." }
    static var permission: APIPermission { .manageKeys }
    static var isInRPC: Bool { false }

    static var shape: OperationShape? {
        var shape = OperationShape(reply: Product.schema.answer)
        shape.body = Product.schema.change
        shape.hasVersion = true
        shape.takesVersion = true
        shape.refusals = [.conflict]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let document = try call.document()
        return try Product.inProductsWords { () throws(APIError) in
            try UpdateKey.merge(
                call,
                services,
                read: { (record, now) throws(APIError) in
                    try Product.changes(in: document, to: record, at: now)
                },
                show: { Product.json($0, at: $1, secret: nil, use: nil) }
            )
        }
    }
}

/// `DELETE /v1/manage/keys/{id}` and `/v1/api-keys/{id}` revoke a key for good.
enum DeleteCompatibleKey<Product: CompatibleProduct>: APIOperation {
    static var method: HTTPRequest.Method { .delete }
    static var path: String { Product.path + "/{id}" }
    static var name: String { "Delete\(Product.noun)" }
    static var summary: String { "Revokes a key for good, as another product would." }
    static var permission: APIPermission { .manageKeys }
    static var isInRPC: Bool { false }

    static var shape: OperationShape? {
        DeleteKey.shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try DeleteKey.answer(call, services)
    }
}
