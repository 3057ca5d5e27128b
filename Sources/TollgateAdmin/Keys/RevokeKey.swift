internal import HTTPTypes
internal import TollgateCore

/// `POST /v1/keys/{id}/revoke` stops a key for good.
enum RevokeKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys/{id}/revoke"
    static let permission = APIPermission.manageKeys

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try SetKeyStatus.answer(.revoked, call, services)
    }
}
