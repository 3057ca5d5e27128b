internal import HTTPTypes
internal import Hummingbird

extension Response {
    /// An answer with a document; nobody on the way may keep it, for it may hold a secret.
    init(_ status: HTTPResponse.Status, _ document: JSONValue, headers: HTTPFields = [:]) {
        var headers = headers
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "no-store"
        self.init(
            status: status,
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: document.utf8))
        )
    }

    /// A file that a browser shows or runs, and nothing but what the policy says with it.
    init(file: ByteBuffer, type: String, contentSecurityPolicy: String) {
        self.init(
            status: .ok,
            headers: [
                .contentType: type,
                .cacheControl: "no-cache",
                .contentSecurityPolicy: contentSecurityPolicy,
                .xContentTypeOptions: "nosniff",
            ],
            body: ResponseBody(byteBuffer: file)
        )
    }

    /// The answer to a call that succeeded.
    init(_ reply: APIReply) {
        if let stream = reply.stream {
            self.init(reply.status, stream, headers: reply.headers)
            return
        }
        self.init(reply.status, reply.document, headers: reply.headers)
    }

    /// The answer to a request that was refused.
    init(_ error: APIError) {
        self.init(error.status, error.document, headers: error.headers)
    }
}
