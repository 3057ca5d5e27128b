internal import CTollgateProto
package import TollgateCore

/// Notices, their deliveries and what came of them, as the database keeps them: messages of
/// `tollgate.storage.v1`.
///
/// Reading throws what `WireReader` refuses, `notText`, `badValue` and `unknownField`.
package enum NoticeCodec {
    private static let noticeMessage = ProtobufMessage(tollgate__storage__v1__notice__init)
    private static let deliveryMessage = ProtobufMessage(tollgate__storage__v1__delivery__init)
    private static let attemptMessage = ProtobufMessage(
        tollgate__storage__v1__delivery_attempt__init
    )
    private static let markMessage = ProtobufMessage(tollgate__storage__v1__notice_mark__init)

    // MARK: Notices

    /// The bytes of a notice.
    package static func encode(_ notice: Notice) -> [UInt8] {
        var output = OutputBuffer(capacity: 512)
        write(notice, to: &output)
        return output.array
    }

    private static func write(_ notice: Notice, to output: inout OutputBuffer) {
        output.appendID(1, notice.id.rawValue)
        output.appendText(2, notice.event.rawValue)
        output.appendTime(3, notice.time)
        if let key = notice.keyID { output.appendID(4, key.rawValue) }
        output.appendText(5, notice.organization ?? "")
        output.appendText(6, notice.team ?? "")
        output.appendText(7, notice.data)
    }

    /// The notice in these bytes.
    package static func decodeNotice(_ bytes: Span<UInt8>) throws(WireError) -> Notice {
        try noticeMessage.unpack(bytes) { message throws(WireError) in try notice(message) }
    }

    private static func notice(
        _ message: Tollgate__Storage__V1__Notice
    ) throws(WireError) -> Notice {
        try message.base.requireNoUnknownFields()
        guard let id = message.id.id else { throw .badValue }
        var notice = Notice(
            id: NoticeID(rawValue: id),
            event: try event(message.event.text()),
            time: WallTime(milliseconds: message.time_ms),
            data: try message.data.text()
        )
        notice.keyID = try key(message.key_id)
        notice.organization = try message.organization.optionalText()
        notice.team = try message.team.optionalText()
        return notice
    }

    /// The event that a word stands for.
    static func event(_ word: String) throws(WireError) -> WebhookEvent {
        guard let event = WebhookEvent(rawValue: word) else { throw .badValue }
        return event
    }

    private static func key(_ bytes: ProtobufCBinaryData) throws(WireError) -> KeyID? {
        if bytes.len == 0 { return nil }
        guard let id = bytes.id else { throw .badValue }
        return KeyID(rawValue: id)
    }

    // MARK: Deliveries

    /// The bytes of a delivery.
    package static func encode(_ delivery: Delivery) -> [UInt8] {
        var output = OutputBuffer(capacity: 512)
        output.appendField(1, unsigned: delivery.sequence)
        switch delivery.destination {
        case .webhook(let id): output.appendID(2, id.rawValue)
        case .key(let id): output.appendID(3, id.rawValue)
        }
        output.appendElement(4) { write(delivery.notice, to: &$0) }
        output.appendField(5, unsigned: UInt64(delivery.attempts))
        output.appendTime(6, delivery.next)
        return output.array
    }

    /// The delivery in these bytes.
    package static func decodeDelivery(_ bytes: Span<UInt8>) throws(WireError) -> Delivery {
        try deliveryMessage.unpack(bytes) { message throws(WireError) in
            try message.base.requireNoUnknownFields()
            let destination: NoticeDestination
            if let id = message.webhook_id.id {
                destination = .webhook(WebhookID(rawValue: id))
            } else if let key = try key(message.key_id) {
                destination = .key(key)
            } else {
                throw .badValue
            }
            guard let inner = message.notice?.pointee else { throw .badValue }
            var delivery = Delivery(
                sequence: message.sequence,
                destination: destination,
                notice: try notice(inner),
                next: WallTime(milliseconds: message.next_ms)
            )
            delivery.attempts = message.attempts
            return delivery
        }
    }

    // MARK: Attempts

    /// The bytes of an attempt.
    package static func encode(_ attempt: DeliveryAttempt) -> [UInt8] {
        var output = OutputBuffer(capacity: 256)
        output.appendID(1, attempt.noticeID.rawValue)
        output.appendText(2, attempt.event.rawValue)
        output.appendField(3, unsigned: UInt64(attempt.number))
        output.appendTime(4, attempt.time)
        output.appendField(5, unsigned: UInt64(attempt.outcome.rawValue))
        output.appendField(6, unsigned: UInt64(attempt.status ?? 0))
        output.appendText(7, attempt.error ?? "")
        if let next = attempt.next { output.appendTime(8, next) }
        return output.array
    }

    /// The attempt in these bytes.
    package static func decodeAttempt(_ bytes: Span<UInt8>) throws(WireError) -> DeliveryAttempt {
        try attemptMessage.unpack(bytes) { message throws(WireError) in
            try message.base.requireNoUnknownFields()
            guard
                let id = message.notice_id.id, let status = UInt16(exactly: message.status),
                let outcome = UInt8(exactly: message.outcome)
                    .flatMap(DeliveryAttempt.Outcome.init(rawValue:))
            else { throw .badValue }
            var attempt = DeliveryAttempt(
                noticeID: NoticeID(rawValue: id),
                event: try event(message.event.text()),
                number: message.number,
                time: WallTime(milliseconds: message.time_ms),
                outcome: outcome
            )
            attempt.status = status == 0 ? nil : status
            attempt.error = try message.error.optionalText()
            attempt.next = message.next_ms == 0 ? nil : WallTime(milliseconds: message.next_ms)
            return attempt
        }
    }

    // MARK: Marks

    /// The bytes of a mark.
    package static func encode(_ mark: NoticeMark) -> [UInt8] {
        var output = OutputBuffer(capacity: 32)
        output.appendField(1, signed: mark.window)
        output.appendField(2, signed: mark.limit)
        output.appendTime(3, mark.time)
        return output.array
    }

    /// The mark in these bytes.
    package static func decodeMark(_ bytes: Span<UInt8>) throws(WireError) -> NoticeMark {
        try markMessage.unpack(bytes) { message throws(WireError) in
            try message.base.requireNoUnknownFields()
            return NoticeMark(
                window: message.window,
                limit: message.limit,
                time: WallTime(milliseconds: message.time_ms)
            )
        }
    }
}
