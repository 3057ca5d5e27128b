internal import CTollgateProto
package import TollgateCore

/// Records of organisations, teams and users as the database keeps them:
/// `tollgate.storage.v1.GroupRecord`.
///
/// A record always has the same bytes, and a field that this version does not know is an error, as
/// with `KeyRecordCodec`.
package enum GroupRecordCodec {
    private static let message = ProtobufMessage(
        tollgate__storage__v1__group_record__init,
        allowance: 16 << 20
    )

    private enum Status {
        static let enabled: UInt32 = 1
        static let disabled: UInt32 = 2
        static let deleted: UInt32 = 3
    }

    /// The bytes of a record.
    package static func encode(_ record: GroupRecord) -> [UInt8] {
        var output = OutputBuffer(capacity: 256)
        output.appendField(1, unsigned: UInt64(record.id.kind.rawValue))
        output.appendText(2, record.id.name)
        output.appendID(3, record.subject.rawValue)
        output.appendText(4, record.name)
        output.appendText(5, record.description)
        output.appendMetadata(6, record.metadata)
        output.appendField(7, unsigned: UInt64(status(of: record)))
        output.appendText(8, record.organization ?? "")
        output.appendText(9, record.team ?? "")
        RestrictionsCodec.append(10, record.restrictions, to: &output)
        LimitsCodec.append(11, record.credits, to: &output)
        output.appendTime(12, record.createdAt)
        output.appendTime(13, record.updatedAt)
        output.appendField(14, unsigned: record.version)
        return output.array
    }

    private static func status(of record: GroupRecord) -> UInt32 {
        if record.isDeleted { return Status.deleted }
        return record.isEnabled ? Status.enabled : Status.disabled
    }

    /// The record that these bytes are.
    ///
    /// - Throws: what `WireReader` refuses, `notText`, `badValue` for a kind, name, subject or
    ///   status that is none, and `unknownField`.
    package static func decode(_ bytes: Span<UInt8>) throws(WireError) -> GroupRecord {
        try message.unpack(bytes) { message throws(WireError) in try record(message) }
    }

    private static func record(
        _ message: Tollgate__Storage__V1__GroupRecord
    ) throws(WireError) -> GroupRecord {
        try message.base.requireNoUnknownFields()
        guard
            let kind = UInt8(exactly: message.kind).flatMap(GroupKind.init(rawValue:)),
            let id = GroupID(kind, try message.id.text()),
            let subject = message.subject.id,
            (Status.enabled...Status.deleted).contains(message.status)
        else { throw .badValue }
        var record = GroupRecord(
            id: id,
            subject: SubjectID(rawValue: subject),
            name: try message.name.text(),
            createdAt: WallTime(milliseconds: message.created_at_ms)
        )
        record.description = try message.description.text()
        for entry in elements(message.metadata, message.n_metadata) {
            guard let entry else { throw .badValue }
            try entry.pointee.base.requireNoUnknownFields()
            record.metadata[try entry.pointee.name.text()] = try entry.pointee.value.text()
        }
        record.isEnabled = message.status == Status.enabled
        record.isDeleted = message.status == Status.deleted
        record.organization = try message.organization.optionalText()
        record.team = try message.team.optionalText()
        record.restrictions = try RestrictionsCodec.restrictions(message.restrictions)
        record.credits = try LimitsCodec.amount(message.credits)
        record.updatedAt = WallTime(milliseconds: message.updated_at_ms)
        record.version = message.version
        return record
    }
}
