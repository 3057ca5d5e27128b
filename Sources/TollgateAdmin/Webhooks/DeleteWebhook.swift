internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `DELETE /v1/webhooks/{id}` forgets a webhook, its secret and what came of its deliveries for good.
enum DeleteWebhook: APIOperation {
    static let name = "DeleteWebhook"
    static let summary = "Forgets a webhook, its secret and its deliveries for good."
    static let method = HTTPRequest.Method.delete
    static let path = "/v1/webhooks/{id}"
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape.removing(by: "id")
        shape.takesVersion = true
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let webhooks = try services.requireWebhooks()
        try call.expectNoFields()
        let id = try call.webhookID()
        let required = try EntityTag.required(call.headers)
        try APIError.translating(about: "webhook") { () throws(RegistryError) in
            try webhooks.registry.remove(id, version: required, by: call.principal)
        }
        return .removed("id", "\(id)")
    }
}
