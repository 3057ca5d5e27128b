internal import HTTPTypes
internal import Hummingbird

/// `GET /healthz`: the process answers, whatever else may be wrong.
struct GetHealth: HTTPResponder, OpenOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/healthz"
    static let name = "GetHealth"
    static let summary = "Says that the process runs."

    static var shape: OperationShape? {
        .reading(
            .object([
                .init(name: "status", description: "", schema: .words(["ok"]), isRequired: true)
            ])
        )
    }

    func respond(to request: Request, context: AdminContext) async throws -> Response {
        Response(.ok, ["status": "ok"])
    }
}
