internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `DELETE /v1/models/{id}` takes a model out, also one that came with the program or from a file.
enum DeleteModel: APIOperation {
    static let method = HTTPRequest.Method.delete
    static let path = "/v1/models/{id}"
    static let name = "DeleteModel"
    static let summary = "Takes a model out, also one that came with the program."
    static let permission = APIPermission.manageBilling

    static var shape: OperationShape? {
        var shape = OperationShape.removing(by: "id")
        shape.takesVersion = true
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectSeesEverything()
        try call.expectNoFields()
        guard let id = call.idText else { throw .noSuch("model") }
        let required = try EntityTag.required(call.headers)
        try APIError.translating(about: "model") { () throws(RegistryError) in
            try services.models.remove(id, version: required, by: call.principal)
        }
        return .removed("id", id)
    }
}
