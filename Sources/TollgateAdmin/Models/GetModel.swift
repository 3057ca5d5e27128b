internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/models/{id}` reads a model, by its id or another of its names.
enum GetModel: CatalogueReading {
    static let name = "GetModel"
    static let summary = "Reads a model and what it costs, by its id or another of its names."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/models/{id}"

    static var shape: OperationShape? { .reading(ModelSchema.model) }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try QueryReader(call.query).finish()
        guard let id = call.idText else { throw .noSuch("model") }
        let catalogue = services.models.catalogue
        let bytes = Array(id.utf8)
        guard let model = catalogue.model(named: bytes.span) else { throw .noSuch("model") }
        return APIReply(ModelDocument.json(model))
    }
}
