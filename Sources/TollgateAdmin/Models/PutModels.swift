internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `PUT /v1/models` adds models, or replaces those of the same ids; all of them, or none.
enum PutModels: APIOperation {
    static let method = HTTPRequest.Method.put
    static let path = "/v1/models"
    static let permission = APIPermission.manageBilling

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let models = try ModelFields.models(in: try call.document())
        try APIError.translating(about: "model") { () throws(RegistryError) in
            try services.models.put(models)
        }
        return APIReply(["models": .array(models.map(ModelDocument.json))])
    }
}

/// `DELETE /v1/models/{id}` takes a model out, also one that came with the program or from a file.
enum DeleteModel: APIOperation {
    static let method = HTTPRequest.Method.delete
    static let path = "/v1/models/{id}"
    static let permission = APIPermission.manageBilling

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectNoFields()
        guard let id = call.idText else { throw .noSuch("model") }
        try APIError.translating(about: "model") { () throws(RegistryError) in
            try services.models.remove(id)
        }
        return APIReply(["id": .string(id), "status": "removed"])
    }
}
