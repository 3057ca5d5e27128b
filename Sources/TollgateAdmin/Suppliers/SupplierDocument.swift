internal import TollgateCore

/// A supplier as the API shows it: that it has a credential, and nothing of it.
enum SupplierDocument {
    static func json(_ record: SupplierRecord) -> JSONValue {
        [
            "name": .string(record.name),
            "provider": .string(record.provider),
            "region": .string(record.region),
            "base_url": .string(record.baseURL),
            "host_header": JSONValue(record.hostHeader),
            "has_credential": .bool(record.credential != nil),
            "credential_type": JSONValue(record.credential?.form.name),
            "enabled": .bool(record.isEnabled),
            "models": JSONValue(record.models),
            "version": JSONValue(record.version),
            "created_at": .string(Timestamp.text(record.createdAt)),
            "updated_at": .string(Timestamp.text(record.updatedAt)),
        ]
    }
}
