import Testing
import TollgateCore

@testable import TollgateWire

@Suite("Stored webhooks and notices")
struct NoticeCodecTests {
    private var notice: Notice {
        var notice = Notice(
            id: NoticeID(rawValue: 1 << 100),
            event: .keyBudgetThreshold,
            time: WallTime(milliseconds: 5),
            data: #"{"größe":1}"#
        )
        notice.keyID = KeyID(rawValue: 3)
        notice.organization = "acme"
        notice.team = "one"
        return notice
    }

    private let tag: [UInt8] = [0xF8, 0x07, 0x01]

    @Test("A webhook comes back as it was, with everything and with nothing")
    func webhooks() throws {
        var record = WebhookRecord(
            id: WebhookID(rawValue: 1 << 90),
            url: "https://a.test/?b=c",
            createdAt: WallTime(milliseconds: 5)
        )
        #expect(try WebhookCodec.decode(WebhookCodec.encode(record).span) == record)
        record.events = WebhookEvent.subscribable
        record.isEnabled = false
        record.isGone = true
        record.description = "größe"
        record.organization = "acme"
        record.team = "one"
        record.secret = [0, 1, 255]
        record.version = 9
        record.updatedAt = WallTime(milliseconds: -7)
        let bytes = WebhookCodec.encode(record)
        #expect(try WebhookCodec.decode(bytes.span) == record)
        #expect(throws: WireError.unknownField) { try WebhookCodec.decode((bytes + tag).span) }
    }

    @Test("A notice comes back as it was, also when it is about no key")
    func notices() throws {
        let bytes = NoticeCodec.encode(notice)
        #expect(try NoticeCodec.decodeNotice(bytes.span) == notice)
        let test = Notice(id: notice.id, event: .test, time: notice.time, data: "{}")
        #expect(try NoticeCodec.decodeNotice(NoticeCodec.encode(test).span) == test)
        #expect(throws: WireError.unknownField) {
            try NoticeCodec.decodeNotice((bytes + tag).span)
        }
    }

    @Test(
        "A delivery comes back as it was, whichever its destination",
        arguments: [
            NoticeDestination.webhook(WebhookID(rawValue: 8)), .key(KeyID(rawValue: 9)),
        ]
    )
    func deliveries(_ destination: NoticeDestination) throws {
        var delivery = Delivery(
            sequence: 7,
            destination: destination,
            notice: notice,
            next: WallTime(milliseconds: 11)
        )
        delivery.attempts = 3
        #expect(try NoticeCodec.decodeDelivery(NoticeCodec.encode(delivery).span) == delivery)
    }

    @Test("An attempt comes back as it was", arguments: DeliveryAttempt.Outcome.allCases)
    func attempts(_ outcome: DeliveryAttempt.Outcome) throws {
        var attempt = DeliveryAttempt(
            notice,
            number: 2,
            time: WallTime(milliseconds: 6),
            outcome: outcome
        )
        #expect(try NoticeCodec.decodeAttempt(NoticeCodec.encode(attempt).span) == attempt)
        attempt.status = 503
        attempt.error = "No."
        attempt.next = WallTime(milliseconds: 12)
        #expect(try NoticeCodec.decodeAttempt(NoticeCodec.encode(attempt).span) == attempt)
    }

    @Test("A mark comes back as it was")
    func marks() throws {
        let mark = NoticeMark(window: -5, limit: .max, time: WallTime(milliseconds: 1))
        #expect(try NoticeCodec.decodeMark(NoticeCodec.encode(mark).span) == mark)
    }
}
