internal import HTTPTypes
internal import TollgateEngine

/// `DELETE /v1/sessions/{id}` revokes every key that is bound to a session; the answer says how many.
///
/// A session that has no keys, or none any more, is none to be missed: the answer is then 0.
enum DeleteSession: APIOperation {
    static let method = HTTPRequest.Method.delete
    static let path = "/v1/sessions/{id}"
    static let name = "DeleteSession"
    static let summary = "Revokes every key that is bound to a session."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        OperationShape(
            reply: .object([
                .init(name: "session_id", description: "", schema: .text, isRequired: true),
                .init(
                    name: "revoked_keys",
                    description: "How many.",
                    schema: .whole,
                    isRequired: true
                ),
            ])
        )
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectNoFields()
        guard let session = call.idText, !session.isEmpty, session.utf8.count <= 128 else {
            throw .noSuch("session")
        }
        let count = try APIError.translating { () throws(RegistryError) in
            try services.registry.endSession(session, by: call.principal)
        }
        return APIReply([
            "session_id": .string(session), "revoked_keys": .integer(Int64(count)),
        ])
    }
}
