internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `PUT /v1/models` adds models, or replaces those of the same ids; all of them, or none.
enum PutModels: APIOperation {
    static let method = HTTPRequest.Method.put
    static let path = "/v1/models"
    static let name = "PutModels"
    static let summary = "Adds models, or replaces those of the same ids; all of them, or none."
    static let permission = APIPermission.manageBilling

    static var shape: OperationShape? {
        var shape = OperationShape(reply: ModelSchema.models)
        shape.body = ModelSchema.models
        shape.hasVersion = true
        shape.takesVersion = true
        shape.example = ModelSchema.example
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectSeesEverything()
        let required = try EntityTag.required(call.headers)
        let models = try ModelFields.models(in: try call.document())
        try APIError.translating(about: "model") { () throws(RegistryError) in
            try services.models.put(models, version: required, by: call.principal)
        }
        return APIReply(
            ["models": .array(models.map(ModelDocument.json))],
            version: services.models.version
        )
    }
}
