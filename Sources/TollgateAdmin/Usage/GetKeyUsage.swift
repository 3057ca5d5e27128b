internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/keys/{id}/usage` reads what a key has used, and what is left of every limit that counts
/// for it: its own and those of its user, team and organisation.
///
/// A key may read its own.
enum GetKeyUsage: APIOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/v1/keys/{id}/usage"
    static let name = "GetKeyUsage"
    static let summary =
        "Reads what a key has used, and what is left of every limit that counts for it."
    static let permission = APIPermission.viewAllUsage
    static let requirement = "the permission view_all_usage; others read what they used"

    static var shape: OperationShape? { .reading(UsageSchema.answer(of: "key_id")) }

    /// Also the key itself.
    static func admits(_ principal: Principal, id: String?) -> Bool {
        principal.permissions.isSuperset(of: permission.permissions)
            || id.flatMap { PercentEncoding.decode($0[...].utf8) }.flatMap { KeyID($0) }
                == principal.keyID
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try QueryReader(call.query).finish()
        let id = try call.keyID()
        let record = try APIError.translating { () throws(RegistryError) in
            try services.registry.key(id, seenBy: call.principal)
        }
        let usage = try services.usage(of: id)
        var limits = usage.limits
        for group in record.groups { limits += try services.usage(of: group).limits }
        return APIReply(
            .object(
                [JSONValue.Member("key_id", .string("\(id)"))] + UsageDocument.members(usage)
                    + [JSONValue.Member("limits", .array(limits.map(UsageDocument.json)))]
            )
        )
    }
}

extension KeyRecord {
    /// The groups that the key belongs to, from the narrowest on.
    fileprivate var groups: [GroupID] {
        let names: [(GroupKind, String?)] = [
            (.user, user), (.team, team), (.organization, organization),
        ]
        return names.compactMap { kind, name in name.flatMap { GroupID(kind, $0) } }
    }
}
