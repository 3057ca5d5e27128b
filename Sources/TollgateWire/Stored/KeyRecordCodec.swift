internal import CTollgateProto
package import TollgateCore

/// Key records as the database keeps them: `tollgate.storage.v1.KeyRecord`.
///
/// A record always has the same bytes. A field that this version does not know is an error, not
/// skipped: a newer version put it there, perhaps as a restriction, and writing the record back
/// without it would widen the key.
package enum KeyRecordCodec {
    /// Ten full lists of the shortest names take more than a megabyte to read, and what may be saved
    /// must be readable: one record that is not would also end every list of keys.
    private static let message = ProtobufMessage(
        tollgate__storage__v1__key_record__init,
        allowance: 2 << 20
    )

    /// The bytes of a record.
    package static func encode(_ record: KeyRecord) -> [UInt8] {
        var output = OutputBuffer(capacity: 512)
        write(record, to: &output)
        let bytes = output.bytes
        return [UInt8](unsafeUninitializedCapacity: bytes.count) { memory, count in
            for index in 0..<bytes.count { memory[index] = bytes[index] }
            count = bytes.count
        }
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
        appendID(1, record.id, to: &output)
        appendText(2, record.name, to: &output)
        appendText(3, record.description, to: &output)
        appendText(4, record.environment, to: &output)
        appendText(5, record.group, to: &output)
        for (name, value) in record.metadata.sorted(by: {
            $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
        }) {
            output.appendElement(6) {
                appendText(1, name, to: &$0)
                appendText(2, value, to: &$0)
            }
        }
        output.appendField(7, unsigned: UInt64(record.status.rawValue))
        appendTime(8, record.createdAt, to: &output)
        appendTime(9, record.updatedAt, to: &output)
        if let id = record.createdBy { appendID(10, id, to: &output) }
        if let time = record.expiresAt {
            output.appendElement(11) { appendTime(1, time, to: &$0) }
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
    }

    private static func appendText(_ field: UInt32, _ text: String, to output: inout OutputBuffer) {
        if !text.isEmpty { output.appendElement(field, text: text) }
    }

    private static func appendID(_ field: UInt32, _ id: KeyID, to output: inout OutputBuffer) {
        output.appendElement(field) {
            for shift in stride(from: 120, through: 0, by: -8) {
                $0.append(UInt8(truncatingIfNeeded: id.rawValue >> UInt128(shift)))
            }
        }
    }

    private static func appendTime(
        _ field: UInt32,
        _ time: WallTime,
        to output: inout OutputBuffer
    ) {
        if time.milliseconds != 0 { output.appendElement(field, fixed64: time.milliseconds) }
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
            appendText(2, secret.masked, to: &$0)
            appendTime(3, secret.createdAt, to: &$0)
            if let time = secret.validUntil {
                $0.appendElement(4) { appendTime(1, time, to: &$0) }
            }
        }
    }

    // MARK: Reading

    private static func record(
        _ message: Tollgate__Storage__V1__KeyRecord
    ) throws(WireError) -> KeyRecord {
        try message.base.requireNoUnknownFields()
        guard let id = keyID(message.id) else { throw .badValue }
        var record = KeyRecord(
            id: id,
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
            guard let creator = keyID(message.created_by) else { throw .badValue }
            record.createdBy = creator
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
        return record
    }

    private static func keyID(_ data: ProtobufCBinaryData) -> KeyID? {
        guard data.len == 16 else { return nil }
        return KeyID(rawValue: data.bytes.reduce(0) { $0 << 8 | UInt128($1) })
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

    private static func texts(
        _ start: UnsafeMutablePointer<ProtobufCBinaryData>?,
        _ count: Int
    ) throws(WireError) -> [String] {
        var texts: [String] = []
        for element in elements(start, count) { texts.append(try element.text()) }
        return texts
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
