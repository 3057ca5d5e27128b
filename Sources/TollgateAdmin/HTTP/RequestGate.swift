internal import HTTPTypes
internal import Hummingbird
internal import Logging

/// What every request passes: it turns refusals and failures into answers, and logs at debug.
///
/// The log has neither query nor headers: the one names what is searched for, the others hold keys.
struct RequestGate: RouterMiddleware {
    func handle(
        _ request: Request,
        context: AdminContext,
        next: (Request, AdminContext) async throws -> Response
    ) async throws -> Response {
        let response: Response
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
        context.logger.debug(
            "request",
            metadata: [
                "method": "\(request.method.rawValue)",
                "path": "\(context.endpointPath ?? "")",
                "status": "\(response.status.code)",
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

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }
}
