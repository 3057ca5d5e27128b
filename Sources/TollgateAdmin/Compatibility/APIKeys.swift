internal import TollgateCore

/// `/v1/api-keys`: keys whose `permissions` also hold models, actions, budgets and rates.
///
/// We take those anywhere; here they are shown there, too. A name is not needed.
enum APIKeys: CompatibleProduct {
    static let path = "/v1/api-keys"
    static let noun = "APIKey"

    static let schema = KeySchema.record("APIKey") { field in
        guard field.name == "permissions" else { return field }
        return SchemaField("permissions", PermissionSchema.withBounds)
    }

    static let example: JSONValue = [
        "permissions": ["models": .array(["gpt-4o*"]), "monthly_budget": 100]
    ]

    static func translated(
        _ document: JSONValue,
        to record: KeyRecord?
    ) throws(APIError) -> JSONValue {
        guard record == nil, document["name"] == nil, case .object(let members) = document else {
            return document
        }
        let type =
            if case .string(let type)? = document["key_type"] { type + " key" } else { "key" }
        return .object([JSONValue.Member("name", .string(type))] + members)
    }

    static func members(_ record: KeyRecord) -> [JSONValue.Member] {
        let flags = Permissions.named.map { name, permission in
            JSONValue.Member(name, .bool(record.permissions.contains(permission)))
        }
        let bounds = PermissionBounds.members(record.restrictions)
        return [JSONValue.Member("permissions", .object(flags + bounds))]
    }

    static func name(of field: String) -> String? { nil }
}
