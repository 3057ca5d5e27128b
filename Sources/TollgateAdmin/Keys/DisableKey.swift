internal import HTTPTypes
internal import TollgateCore

/// `POST /v1/keys/{id}/disable` stops a key until it is enabled again.
enum DisableKey: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/keys/{id}/disable"
    static let name = "DisableKey"
    static let summary = "Stops a key until it is enabled again."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? { SetKeyStatus.shape }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try SetKeyStatus.answer(.disabled, call, services)
    }
}
