internal import CTollgateProto
package import TollgateCore

/// Key records as the database keeps them: `tollgate.storage.v1.KeyRecord`.
///
/// A record always has the same bytes. A field that this version does not know is an error, not
/// skipped: a newer version put it there, perhaps as a restriction, and writing the record back
/// without it would widen the key.
package enum KeyRecordCodec {
    /// All full lists of the shortest names, those of a policy included, take some ten megabytes
    /// to read, and what may be saved must be readable: one record that is not would also end every
    /// list of keys.
    private static let message = ProtobufMessage(
        tollgate__storage__v1__key_record__init,
        allowance: 16 << 20
    )

    /// The bytes of a record.
    package static func encode(_ record: KeyRecord) -> [UInt8] {
        var output = OutputBuffer(capacity: 512)
        write(record, to: &output)
        return output.array
    }

    /// The record that these bytes are.
    ///
    /// - Throws: what `WireReader` refuses, `notText`, `badValue` for an id, digest or status that
    ///   is none, and `unknownField`.
    package static func decode(_ bytes: Span<UInt8>) throws(WireError) -> KeyRecord {
        try message.unpack(bytes) { message throws(WireError) in try record(message) }
    }

    // MARK: Writing

    private static func write(_ record: KeyRecord, to output: inout OutputBuffer) {
        output.appendID(1, record.id.rawValue)
        output.appendText(2, record.name)
        output.appendText(3, record.description)
        output.appendText(4, record.environment)
        output.appendText(5, record.group)
        output.appendMetadata(6, record.metadata)
        output.appendField(7, unsigned: UInt64(record.status.rawValue))
        output.appendTime(8, record.createdAt)
        output.appendTime(9, record.updatedAt)
        if let id = record.createdBy { output.appendID(10, id.rawValue) }
        if let time = record.expiresAt {
            output.appendElement(11) { $0.appendTime(1, time) }
        }
        appendNames(12, record.models, to: &output)
        appendNames(13, record.providers, to: &output)
        appendNames(14, record.suppliers, to: &output)
        appendNames(15, record.regions, to: &output)
        appendNames(16, record.actions, to: &output)
        output.appendField(17, bool: record.ipAllowlist.isEnabled)
        for address in record.ipAllowlist.addresses { output.appendElement(18, text: address) }
        output.appendField(19, unsigned: UInt64(record.permissions.rawValue))
        for secret in record.secrets { appendSecret(20, secret, to: &output) }
        output.appendField(21, unsigned: record.version)
        output.appendText(22, record.organization ?? "")
        output.appendText(23, record.team ?? "")
        output.appendText(24, record.user ?? "")
        LimitsCodec.append(25, record.limits, to: &output)
        output.appendField(26, unsigned: UInt64(record.enforcement.rawValue))
        output.appendField(27, unsigned: UInt64(record.unsettled.rawValue))
        if let policy = record.policy {
            output.appendElement(28) { PolicyCodec.write(policy, to: &$0) }
        }
        for rule in record.iamRules {
            output.appendElement(29) { PolicyCodec.write(rule, to: &$0) }
        }
        if let pricing = record.pricing {
            output.appendElement(30) { PolicyCodec.write(pricing, to: &$0) }
        }
    }

    private static func appendNames(
        _ field: UInt32,
        _ names: NameLists,
        to output: inout OutputBuffer
    ) {
        if names == NameLists() { return }
        output.appendElement(field) {
            for name in names.allowed { $0.appendElement(1, text: name) }
            for name in names.denied { $0.appendElement(2, text: name) }
        }
    }

    private static func appendSecret(
        _ field: UInt32,
        _ secret: StoredSecret,
        to output: inout OutputBuffer
    ) {
        output.appendElement(field) {
            $0.appendElement(1, bytes: secret.digest.bytes.span)
            $0.appendText(2, secret.masked)
            $0.appendTime(3, secret.createdAt)
            if let time = secret.validUntil {
                $0.appendElement(4) { $0.appendTime(1, time) }
            }
        }
    }

    // MARK: Reading

    private static func record(
        _ message: Tollgate__Storage__V1__KeyRecord
    ) throws(WireError) -> KeyRecord {
        try message.base.requireNoUnknownFields()
        guard let id = message.id.id else { throw .badValue }
        var record = KeyRecord(
            id: KeyID(rawValue: id),
            name: try message.name.text(),
            createdAt: time(message.created_at_ms)
        )
        record.description = try message.description.text()
        record.environment = try message.environment.text()
        record.group = try message.group.text()
        record.metadata = try metadata(message)
        guard
            let status = UInt8(exactly: message.status).flatMap(KeyStatus.init(rawValue:)),
            status != .expired
        else { throw .badValue }
        record.status = status
        record.updatedAt = time(message.updated_at_ms)
        if message.created_by.len != 0 {
            guard let creator = message.created_by.id else { throw .badValue }
            record.createdBy = KeyID(rawValue: creator)
        }
        record.expiresAt = try time(message.expires_at)
        record.models = try names(message.models)
        record.providers = try names(message.providers)
        record.suppliers = try names(message.suppliers)
        record.regions = try names(message.regions)
        record.actions = try names(message.actions)
        record.ipAllowlist = IPAllowlist(
            isEnabled: message.ip_allowlist_enabled != 0,
            addresses: try texts(message.ip_allowlist, message.n_ip_allowlist)
        )
        record.permissions = Permissions(rawValue: message.permissions)
        for secret in elements(message.secrets, message.n_secrets) {
            guard let secret else { throw .badValue }
            record.secrets.append(try Self.secret(secret.pointee))
        }
        record.version = message.version
        record.organization = try message.organization.optionalText()
        record.team = try message.team.optionalText()
        record.user = try message.user.optionalText()
        record.limits = try LimitsCodec.limits(message.limits)
        // Records of earlier versions, which had neither, are enforced and charged.
        record.enforcement = try value(message.enforcement, or: .enforce)
        record.unsettled = try value(message.unsettled, or: .charge)
        if let policy = message.policy {
            record.policy = try PolicyCodec.document(policy.pointee)
        }
        for rule in elements(message.iam_rules, message.n_iam_rules) {
            guard let rule else { throw .badValue }
            record.iamRules.append(try PolicyCodec.rule(rule.pointee))
        }
        if let pricing = message.pricing {
            record.pricing = try PolicyCodec.pricing(pricing.pointee)
        }
        return record
    }

    private static func value<Value: RawRepresentable>(
        _ number: UInt32,
        or fallback: Value
    ) throws(WireError) -> Value where Value.RawValue == UInt8 {
        if number == 0 { return fallback }
        guard let value = UInt8(exactly: number).flatMap(Value.init(rawValue:)) else {
            throw .badValue
        }
        return value
    }

    private static func time(_ milliseconds: Int64) -> WallTime {
        WallTime(milliseconds: milliseconds)
    }

    private static func time(
        _ message: UnsafeMutablePointer<Tollgate__Storage__V1__KeyRecord__Time>?
    ) throws(WireError) -> WallTime? {
        guard let message else { return nil }
        try message.pointee.base.requireNoUnknownFields()
        return time(message.pointee.ms)
    }

    private static func metadata(
        _ message: Tollgate__Storage__V1__KeyRecord
    ) throws(WireError) -> [String: String] {
        var metadata: [String: String] = [:]
        for entry in elements(message.metadata, message.n_metadata) {
            guard let entry else { throw .badValue }
            try entry.pointee.base.requireNoUnknownFields()
            metadata[try entry.pointee.name.text()] = try entry.pointee.value.text()
        }
        return metadata
    }

    private static func names(
        _ message: UnsafeMutablePointer<Tollgate__Storage__V1__KeyRecord__Names>?
    ) throws(WireError) -> NameLists {
        guard let message else { return NameLists() }
        try message.pointee.base.requireNoUnknownFields()
        return NameLists(
            allowed: try texts(message.pointee.allowed, message.pointee.n_allowed),
            denied: try texts(message.pointee.denied, message.pointee.n_denied)
        )
    }

    private static func secret(
        _ message: Tollgate__Storage__V1__KeyRecord__Secret
    ) throws(WireError) -> StoredSecret {
        try message.base.requireNoUnknownFields()
        guard let digest = KeyDigest(bytes: message.digest.bytes.span) else { throw .badValue }
        return StoredSecret(
            digest: digest,
            masked: try message.masked.text(),
            createdAt: time(message.created_at_ms),
            validUntil: try time(message.valid_until)
        )
    }
}
