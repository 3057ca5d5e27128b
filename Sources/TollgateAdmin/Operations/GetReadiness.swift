internal import HTTPTypes
internal import Hummingbird

/// `GET /readyz`: 200 when decisions can be made, else 503 and what is in the way.
struct GetReadiness: HTTPResponder, OpenOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/readyz"
    static let name = "GetReadiness"
    static let summary = "Says whether decisions can be made and recorded."

    static var shape: OperationShape? {
        var shape = OperationShape.reading(
            .object([
                .init(name: "status", description: "", schema: .words(["ready"]), isRequired: true)
            ])
        )
        shape.otherwise = .init(
            .serviceUnavailable,
            .object([
                .init(
                    name: "status",
                    description: "",
                    schema: .words(["unready"]),
                    isRequired: true
                ),
                .init(
                    name: "reasons",
                    description: "What is in the way.",
                    schema: .texts,
                    isRequired: true
                ),
            ])
        )
        shape.refusals = [.internalServerError]
        return shape
    }

    let services: AdminServices

    func respond(to request: Request, context: AdminContext) async throws -> Response {
        let services = services
        let readiness = try await Blocking.run { services.readiness() }
        return readiness.isReady
            ? Response(.ok, ["status": "ready"])
            : Response(
                .serviceUnavailable,
                ["status": "unready", "reasons": JSONValue(readiness.obstacles)]
            )
    }
}
