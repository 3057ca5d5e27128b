import Dispatch
import Testing
import TollgateCore
import TollgateEngine
import TollgateStore

@testable import TollgateServer

@Suite("Sending notices")
struct NoticeStewardTests {
    @Test("One look at the journal is enough for a hundred notices to one receiver, in their order")
    func chain() async throws {
        let fixture = try HouseFixture()
        let house = try House(fixture.configuration(["webhook-allow-private": "true"]))
        defer { house.close() }
        let receiver = try WebhookReceiver()
        defer { withExtendedLifetime(receiver) {} }
        var changes = WebhookChanges()
        changes.url = receiver.url
        let everyone = Principal(keyID: KeyID(rawValue: 1), permissions: .all)
        let webhook = try house.notices.webhooks.create(changes, by: everyone).record
        let destination = NoticeDestination.webhook(webhook.id)
        let now = house.engine.time.now().wall
        let notices = (0..<100).map { number in
            Notice(
                id: NoticeID(time: now, entropy: UInt128(number)),
                event: .keyCreated,
                time: now,
                data: "{}"
            )
        }
        var batch = NoticeBatch()
        batch.saved = notices.enumerated().map { place, notice in
            Delivery(
                sequence: UInt64(place + 1),
                destination: destination,
                notice: notice,
                next: now
            )
        }
        try house.store.write(batch)
        let steward = NoticeSteward(house.notices, every: .never)
        defer { steward.stop() }
        var first: [NoticeID] = []
        for _ in 0..<3000 where first.count < notices.count {
            try await Task.sleep(for: .milliseconds(10))
            let attempts = try house.store.attempts(to: destination, before: nil, limit: 1000)
            let tried = attempts.elements.reversed().filter { $0.outcome == .delivered }
                .map(\.noticeID)
            for id in tried where !first.contains(id) { first.append(id) }
        }
        #expect(first == notices.map(\.id))
    }
}
