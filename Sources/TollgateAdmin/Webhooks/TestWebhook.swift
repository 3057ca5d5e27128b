internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/webhooks/{id}/test` sends a signed test, and answers what came of it.
///
/// It is sent once, whether the webhook is enabled or not, and is among its deliveries then.
enum TestWebhook: APIOperation {
    static let name = "TestWebhook"
    static let summary = "Sends a signed test to a webhook, and answers what came of it."
    static let method = HTTPRequest.Method.post
    static let path = "/v1/webhooks/{id}/test"
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        var shape = OperationShape(reply: WebhookSchema.attempt)
        shape.refusals = [.conflict]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let webhooks = try services.requireWebhooks()
        try call.expectNoFields()
        guard let attempt = webhooks.test(try call.webhook(webhooks)) else {
            throw APIError(.conflict, "test_running", "Another test is under way; try again.")
        }
        return APIReply(WebhookDocument.json(attempt))
    }
}
