internal import Hummingbird

/// What load balancers, orchestrators and Prometheus ask; none of it needs a key.
struct HealthRoutes {
    let services: AdminServices

    /// `GET /healthz`: the process answers, whatever else may be wrong.
    func health() -> Response {
        Response(.ok, ["status": "ok"])
    }

    /// `GET /readyz`: 200 when decisions can be made, else 503 and what is in the way.
    func readiness() async throws -> Response {
        let readiness = try await Blocking.run { services.readiness() }
        return readiness.isReady
            ? Response(.ok, ["status": "ready"])
            : Response(
                .serviceUnavailable,
                ["status": "unready", "reasons": JSONValue(readiness.obstacles)]
            )
    }

    /// `GET /metrics`: all that is counted, as Prometheus reads it.
    func metrics() async throws -> Response {
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
