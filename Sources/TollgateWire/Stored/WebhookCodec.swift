internal import CTollgateProto
package import TollgateCore

/// Webhooks as the database keeps them: `tollgate.storage.v1.WebhookRecord`.
///
/// A field that this version does not know is an error, as with `KeyRecordCodec`.
package enum WebhookCodec {
    private static let message = ProtobufMessage(tollgate__storage__v1__webhook_record__init)

    /// The bytes of a webhook.
    package static func encode(_ record: WebhookRecord) -> [UInt8] {
        var output = OutputBuffer(capacity: 512)
        output.appendID(1, record.id.rawValue)
        output.appendText(2, record.url)
        for event in record.events { output.appendElement(3, text: event.rawValue) }
        output.appendField(4, bool: !record.isEnabled)
        output.appendField(5, bool: record.isGone)
        output.appendText(6, record.description)
        output.appendText(7, record.organization ?? "")
        output.appendText(8, record.team ?? "")
        output.appendElement(9, bytes: record.secret.span)
        output.appendField(10, unsigned: record.version)
        output.appendTime(11, record.createdAt)
        output.appendTime(12, record.updatedAt)
        return output.array
    }

    /// The webhook in these bytes.
    ///
    /// - Throws: what `WireReader` refuses, `notText`, `badValue` and `unknownField`.
    package static func decode(_ bytes: Span<UInt8>) throws(WireError) -> WebhookRecord {
        try message.unpack(bytes) { message throws(WireError) in
            try message.base.requireNoUnknownFields()
            guard let id = message.id.id else { throw .badValue }
            var record = WebhookRecord(
                id: WebhookID(rawValue: id),
                url: try message.url.text(),
                secret: message.secret.bytes,
                createdAt: WallTime(milliseconds: message.created_at_ms)
            )
            for word in try texts(message.events, message.n_events) {
                record.events.append(try NoticeCodec.event(word))
            }
            record.isEnabled = message.is_disabled == 0
            record.isGone = message.is_gone != 0
            record.description = try message.description.text()
            record.organization = try message.organization.optionalText()
            record.team = try message.team.optionalText()
            record.version = message.version
            record.updatedAt = WallTime(milliseconds: message.updated_at_ms)
            return record
        }
    }
}
