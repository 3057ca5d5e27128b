internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/manage/keys` and `/v1/api-keys` create a key; the answer holds its secret, this once.
enum CreateCompatibleKey<Product: CompatibleProduct>: APIOperation {
    static var method: HTTPRequest.Method { .post }
    static var path: String { Product.path }
    static var name: String { "Create\(Product.noun)" }
    static var summary: String { "Creates a key, as another product would." }
    static var permission: APIPermission { .manageKeys }
    static var isInRPC: Bool { false }

    static var shape: OperationShape? {
        var shape = OperationShape(reply: Product.schema.answer)
        shape.body = Product.schema.creation
        shape.status = .created
        shape.hasVersion = true
        shape.example = Product.example
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let document = try call.document()
        let changes = try Product.changes(in: document, to: nil, at: services.time.now().wall)
        return try Product.inProductsWords { () throws(APIError) in
            try CreateKey.create(changes, call, services, at: path, Product.json)
        }
    }
}

/// `POST /v1/api-keys/temporary` creates a key for a while.
enum CreateCompatibleTemporaryKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/api-keys/temporary"
    static let name = "CreateTemporaryAPIKey"
    static let summary = "Creates a key that ends by itself, as another product would."
    static let permission = APIPermission.manageKeys
    static let isInRPC = false

    static var shape: OperationShape? {
        var shape = OperationShape(reply: APIKeys.schema.answer)
        shape.body = KeySchema.temporary.creation
        shape.status = .created
        shape.hasVersion = true
        shape.example = ["expires_in": 900, "permissions": ["max_requests": 10]]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try CreateTemporaryKey.create(call, services, at: APIKeys.path, APIKeys.json)
    }
}
