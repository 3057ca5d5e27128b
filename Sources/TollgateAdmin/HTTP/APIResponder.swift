internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import TollgateEngine

/// Carries out one operation for HTTP: who calls, what the call says, then the operation.
struct APIResponder<Operation: APIOperation>: HTTPResponder {
    let services: AdminServices

    func respond(to request: Request, context: AdminContext) async throws -> Response {
        let headers = request.headers
        // The caller comes before the body: strangers cannot make us read a megabyte.
        let principal = try await Blocking.run { () throws(APIError) in
            try Credentials.principal(headers, from: context.remoteAddress, services.registry)
        }
        guard Operation.admits(principal, id: context.parameters.get("id")) else {
            throw APIError.lacks(Operation.requirement)
        }
        let call = APICall(
            principal: principal,
            id: context.parameters.get("id"),
            query: request.uri.query ?? "",
            headers: headers,
            body: try await body(of: request)
        )
        let reply = try await Blocking.run { () throws(APIError) in
            try OperationRunner.run(Operation.self, call, services)
        }
        return Response(reply)
    }

    private func body(of request: Request) async throws -> [UInt8] {
        let limit = APICall.bodyLimit
        if let text = request.headers[.contentLength], let length = Int(text), length > limit {
            throw APIError.tooLarge(limit: limit)
        }
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw APIError.tooLarge(limit: limit)
        }
        if buffer.readableBytes > 0, !isJSON(request.headers[.contentType]) {
            throw APIError.notJSON
        }
        return Array(buffer.readableBytesView)
    }

    /// Whether a body of this type is read as JSON: also when nothing is said, or RFC 7396's type.
    private func isJSON(_ contentType: String?) -> Bool {
        guard let contentType else { return true }
        let type = contentType.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return type == "application/json" || type == "application/merge-patch+json"
    }
}
