internal import HTTPTypes
internal import Hummingbird

/// `GET /metrics`: all that is counted, as Prometheus reads it.
struct GetMetrics: HTTPResponder, OpenOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/metrics"
    static let name = "GetMetrics"
    static let summary = "Answers with all that is counted, as Prometheus reads it."

    static var shape: OperationShape? {
        var shape = OperationShape(reply: .text)
        shape.replyTypes = [MetricsText.mediaType]
        shape.refusals = [.internalServerError]
        return shape
    }

    let services: AdminServices

    func respond(to request: Request, context: AdminContext) async throws -> Response {
        let services = services
        let text = try await Blocking.run {
            MetricsText.text(
                of: EngineMetrics.families(services, services.readiness())
                    + [services.requests.family] + services.metrics() + ProcessMetrics.families()
            )
        }
        return Response(
            status: .ok,
            headers: [.contentType: MetricsText.contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }
}
