internal import HTTPTypes
internal import TollgateCore

/// `POST /v1/keys/{id}/enable` lets a disabled key work again.
enum EnableKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys/{id}/enable"
    static let name = "EnableKey"
    static let summary = "Lets a disabled key work again."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? { SetKeyStatus.shape }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try SetKeyStatus.answer(.enabled, call, services)
    }
}
