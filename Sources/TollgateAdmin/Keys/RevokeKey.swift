internal import HTTPTypes
internal import TollgateCore

/// `POST /v1/keys/{id}/revoke` stops a key for good.
enum RevokeKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys/{id}/revoke"
    static let name = "RevokeKey"
    static let summary = "Stops a key for good."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? { SetKeyStatus.shape }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try SetKeyStatus.answer(.revoked, call, services)
    }
}
