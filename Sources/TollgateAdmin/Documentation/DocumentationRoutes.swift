internal import Hummingbird
internal import Synchronization

/// What describes the API; none of it needs a key, and none of it changes while the server runs.
///
/// Both documents are made when they are asked for the first time: most servers never are.
final class DocumentationRoutes: Sendable {
    private let operations: [any DocumentedOperation.Type]
    private let version: String
    private let openAPI = Mutex<ByteBuffer?>(nil)
    private let page = Mutex<ByteBuffer?>(nil)

    init(of operations: [any DocumentedOperation.Type], version: String) {
        self.operations = operations
        self.version = version
    }

    private static func made(
        _ document: borrowing Mutex<ByteBuffer?>,
        _ make: () -> ByteBuffer
    ) -> ByteBuffer {
        document.withLock { document in
            if let document { return document }
            let made = make()
            document = made
            return made
        }
    }

    /// `GET /openapi.json`: the API as OpenAPI 3.1.
    func openAPIDocument() -> Response {
        Response(
            status: .ok,
            headers: [.contentType: "application/json", .cacheControl: "no-cache"],
            body: ResponseBody(
                byteBuffer: DocumentationRoutes.made(openAPI) {
                    ByteBuffer(
                        bytes: OpenAPIDocument.json(of: operations, version: version).utf8
                    )
                }
            )
        )
    }

    /// `GET /docs`: the same for people.
    func documentationPage() -> Response {
        Response(
            file: DocumentationRoutes.made(page) {
                ByteBuffer(string: DocumentationPage(of: operations, version: version).html)
            },
            type: "text/html; charset=utf-8",
            contentSecurityPolicy: DocumentationPage.contentSecurityPolicy
        )
    }
}
