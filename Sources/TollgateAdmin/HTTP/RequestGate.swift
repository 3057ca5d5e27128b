internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import TollgateCore

/// What every request passes: it gives it an id, turns refusals and failures into answers, counts
/// them, and logs at debug.
///
/// The answer says the id in `x-request-id`, and every line about the request has it.
///
/// The log has neither query nor headers: the one names what is searched for, the others hold keys.
struct RequestGate: RouterMiddleware {
    let tally: RequestTally

    func handle(
        _ request: Request,
        context: AdminContext,
        next: (Request, AdminContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        let trace = RequestTrace(request.headers)
        context.take(trace)
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as APIError {
            response = Response(error)
        } catch let error as any HTTPResponseError {
            response = Response(RequestGate.refusal(error.status))
        } catch is CancellationError {
            // The client has gone, or the server goes: nobody reads this answer.
            response = Response(APIError.internal)
        } catch {
            context.logger.error("request failed", metadata: ["error": "\(type(of: error))"])
            response = Response(APIError.internal)
        }
        trace.mark(&response.headers)
        let method = AdminRoutes.knows(request.method) ? request.method.rawValue : "other"
        let status = Int(response.status.code)
        // Where nothing is, the framework answers by a route of its own.
        let path = context.endpointPath.flatMap { $0.hasPrefix("/") ? $0 : nil }
        tally.count(method, path, status: status)
        context.logger.debug(
            "request",
            metadata: [
                "method": "\(request.method.rawValue)",
                "path": "\(path ?? "")",
                "status": "\(status)",
            ]
        )
        return response
    }

    /// The framework's own refusals in our words.
    private static func refusal(_ status: HTTPResponse.Status) -> APIError {
        switch status {
        case .notFound: .noSuchPath
        case .contentTooLarge: .tooLarge(limit: APICall.bodyLimit)
        default: APIError(status, "bad_request", "The request cannot be answered.")
        }
    }
}

/// What a request brings along on its way.
struct AdminContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    /// By which logs, and whoever asked, tell the request from others.
    private(set) var requestID = ""
    /// Where the connection comes from; nil when it has no address.
    let remoteAddress: IPAddress?

    init(source: ApplicationRequestContextSource) {
        // The zone of a link-local address is not part of it.
        let text = source.channel.remoteAddress?.ipAddress?.prefix { $0 != "%" }
        remoteAddress = text.flatMap { IPAddress(String($0)) }
        coreContext = CoreRequestContextStorage(source: source)
    }

    /// Has every line about the request say whose it is.
    mutating func take(_ trace: RequestTrace) {
        requestID = trace.id
        logger[metadataKey: "request_id"] = "\(trace.id)"
        if let traceID = trace.traceID {
            logger[metadataKey: "trace_id"] = "\(traceID)"
        }
    }
}
