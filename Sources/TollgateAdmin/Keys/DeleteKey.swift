internal import HTTPTypes
internal import TollgateCore

/// `DELETE /v1/keys/{id}` revokes a key for good; its record and its audit log stay.
enum DeleteKey: APIOperation {
    static let method = HTTPRequest.Method.delete
    static let path = "/v1/keys/{id}"
    static let permission = APIPermission.manageKeys

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try SetKeyStatus.answer(.revoked, call, services)
    }
}
