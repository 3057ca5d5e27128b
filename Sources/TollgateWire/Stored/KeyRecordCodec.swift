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
    /// - Throws: what `WireReader` refuses, `notText`, `badValue` for an id, digest, status or word
    ///   that is none, and `unknownField`.
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
        RestrictionsCodec.append(11, record.restrictions, to: &output)
        output.appendField(12, unsigned: UInt64(record.permissions.rawValue))
        for secret in record.secrets { appendSecret(13, secret, to: &output) }
        output.appendField(14, unsigned: record.version)
        output.appendText(15, record.organization ?? "")
        output.appendText(16, record.team ?? "")
        output.appendText(17, record.user ?? "")
        output.appendField(18, unsigned: UInt64(record.enforcement.rawValue))
        output.appendField(19, unsigned: UInt64(record.unsettled.rawValue))
        output.appendField(20, unsigned: UInt64(record.access.rawValue))
        output.appendField(21, bool: record.isTemporary)
        output.appendText(22, record.session ?? "")
        output.appendField(23, bool: record.isExpiryRecorded)
        NoticesCodec.append(24, record.notices, to: &output)
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
            RestrictionsCodec.append(4, secret.validUntil, to: &$0)
            $0.appendField(5, bool: secret.isHashed)
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
        record.restrictions = try RestrictionsCodec.restrictions(message.restrictions)
        record.permissions = try value(message.permissions)
        for secret in elements(message.secrets, message.n_secrets) {
            guard let secret else { throw .badValue }
            record.secrets.append(try Self.secret(secret.pointee))
        }
        record.version = message.version
        record.organization = try message.organization.optionalText()
        record.team = try message.team.optionalText()
        record.user = try message.user.optionalText()
        record.enforcement = try value(message.enforcement)
        record.unsettled = try value(message.unsettled)
        record.access = try value(message.access)
        record.isTemporary = message.temporary != 0
        record.session = try message.session.optionalText()
        record.isExpiryRecorded = message.expiry_recorded != 0
        record.notices = try NoticesCodec.notices(message.notices)
        return record
    }

    private static func value<Value: RawRepresentable>(
        _ number: UInt32
    ) throws(WireError) -> Value where Value.RawValue == UInt8 {
        guard let value = UInt8(exactly: number).flatMap(Value.init(rawValue:)) else {
            throw .badValue
        }
        return value
    }

    private static func time(_ milliseconds: Int64) -> WallTime {
        WallTime(milliseconds: milliseconds)
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

    private static func secret(
        _ message: Tollgate__Storage__V1__KeyRecord__Secret
    ) throws(WireError) -> StoredSecret {
        try message.base.requireNoUnknownFields()
        guard let digest = KeyDigest(bytes: message.digest.bytes.span) else { throw .badValue }
        return StoredSecret(
            digest: digest,
            masked: try message.masked.text(),
            createdAt: time(message.created_at_ms),
            validUntil: try RestrictionsCodec.time(message.valid_until),
            isHashed: message.hashed != 0
        )
    }
}
