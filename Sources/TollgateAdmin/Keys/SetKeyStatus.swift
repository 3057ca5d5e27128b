internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// What enabling, disabling and revoking a key have in common.
enum SetKeyStatus {
    static var shape: OperationShape {
        var shape = OperationShape(reply: KeySchema.key.answer)
        shape.hasVersion = true
        shape.refusals = [.conflict]
        return shape
    }

    /// Gives the key in the path a status; the answer is the key as it is then.
    static func answer(
        _ status: KeyStatus,
        _ call: APICall,
        _ services: AdminServices
    ) throws(APIError) -> APIReply {
        let id = try call.keyID()
        try call.expectNoFields()
        let record = try APIError.translating { () throws(RegistryError) in
            try services.registry.setStatus(status, of: id, by: call.principal)
        }
        return APIReply(
            KeyDocument.json(record, at: services.time.now().wall),
            version: record.version
        )
    }
}
