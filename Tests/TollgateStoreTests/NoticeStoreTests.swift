internal import Dispatch
internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

@Suite("Notices in the store")
struct NoticeStoreTests {
    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func open() throws -> Store {
        try Store(directory: directory.path("data"), options: Samples.options)
    }

    private let webhook = NoticeDestination.webhook(WebhookID(rawValue: 5))

    private func notice(_ number: Int, _ event: WebhookEvent = .keyLimitExceeded) -> Notice {
        var notice = Notice(
            id: NoticeID(rawValue: UInt128(number)),
            event: event,
            time: WallTime(milliseconds: Int64(number)),
            data: "{}"
        )
        notice.keyID = Samples.keyID(number % 2)
        return notice
    }

    private func delivery(_ number: Int) -> Delivery {
        Delivery(
            sequence: UInt64(number),
            destination: webhook,
            notice: notice(number),
            next: WallTime(milliseconds: 9)
        )
    }

    private func attempt(_ number: Int) -> NoticeBatch {
        var batch = NoticeBatch()
        let attempt = DeliveryAttempt(
            notice(number),
            number: 1,
            time: WallTime(milliseconds: 4),
            outcome: .delivered
        )
        batch.attempts = [(webhook, attempt)]
        return batch
    }

    @Test("are there after a restart: what waits, what was told, and how far the journal was read")
    func restart() throws {
        let mark = NoticeMark(window: 3, limit: 4, time: WallTime(milliseconds: 5))
        let subjects = [
            NoticeSubject(
                Samples.keyID(1),
                .keyBudgetThreshold,
                limit: .budgetDaily,
                threshold: 80
            ),
            NoticeSubject(Samples.keyID(1), .keyAuthFailures),
            NoticeSubject(Samples.keyID(2), .keyLimitExceeded, limit: .balance, level: .team),
        ]
        do {
            let store = try open()
            _ = try store.append(BlockBuilder.block(at: 5, [Decision()]))
            var batch = NoticeBatch()
            batch.saved = [delivery(1), delivery(2), delivery(3)]
            batch.marks = Dictionary(uniqueKeysWithValues: subjects.map { ($0, mark) })
            batch.position = JournalPosition(rawValue: 1)
            try store.write(batch)
            var later = NoticeBatch()
            later.removed = [2]
            try store.write(later)
            store.close()
        }
        let store = try open()
        #expect(try store.deliveries() == [delivery(1), delivery(3)])
        #expect(try store.marks() == Dictionary(uniqueKeysWithValues: subjects.map { ($0, mark) }))
        #expect(try store.beginReading() == JournalPosition(rawValue: 1))
    }

    @Test("Of attempts the last hundred of each destination are kept, the newest first")
    func attempts() throws {
        let store = try open()
        for number in 1...105 { try store.write(attempt(number)) }
        let all = try store.attempts(to: webhook, before: nil, limit: 1000)
        #expect(all.elements.map(\.noticeID.rawValue) == (6...105).reversed().map { UInt128($0) })
        #expect(all.next == nil)
        let first = try store.attempts(to: webhook, before: nil, limit: 60)
        let second = try store.attempts(to: webhook, before: first.next, limit: 60)
        #expect((first.elements + second.elements) == all.elements)
        #expect(second.next == nil)
        let other = NoticeDestination.key(Samples.keyID(1))
        #expect(try store.attempts(to: other, before: nil, limit: 10).elements.isEmpty)
        try store.removeWebhook(WebhookID(rawValue: 5))
        #expect(try store.attempts(to: webhook, before: nil, limit: 10).elements.isEmpty)
    }

    @Test("Alerts are read page by page, the newest first, through a filter")
    func alerts() throws {
        let store = try open()
        for start in stride(from: 1, through: 20, by: 5) {
            var batch = NoticeBatch()
            batch.alerts = (start..<start + 5).map { notice($0) }
            try store.write(batch)
        }
        var found: [UInt128] = []
        var cursor: UInt64?
        repeat {
            let page = try store.alerts(before: cursor, limit: 3) {
                $0.keyID == Samples.keyID(1)
            }
            found += page.elements.map(\.id.rawValue)
            cursor = page.next
        } while cursor != nil
        #expect(found == stride(from: 19, through: 1, by: -2).map { UInt128($0) })
    }

    @Test("The oldest alerts go when there are too many")
    func alertLimit() throws {
        let store = try open()
        var batch = NoticeBatch()
        batch.alerts = (1...10_010).map { notice($0) }
        try store.write(batch)
        try store.write(
            {
                var last = NoticeBatch()
                last.alerts = [notice(10_011)]
                return last
            }()
        )
        let page = try store.alerts(before: nil, limit: 20_000) { _ in true }
        #expect(page.elements.count <= 10_001)
        #expect(page.elements.first?.id.rawValue == 10_011)
    }

    @Test("Findings are what the journal has behind a position, summed up")
    func findings() throws {
        let store = try open()
        let (one, two) = (Samples.keyID(1), Samples.keyID(2))
        let start = try store.beginReading()
        #expect(try store.findings(after: start) == nil)
        let action = ManagementAction("key.updated", by: one, on: "\(two)", fields: ["name"])
        let block = BlockBuilder.block(
            at: BlockBuilder.now(120_000),
            [
                BlockBuilder.record(Decision(keyID: one, isWatched: true)),
                BlockBuilder.record(Decision(keyID: two)),
                BlockBuilder.record(Decision(reason: .keyDisabled, keyID: two)),
                BlockBuilder.record(Decision(reason: .modelNotAllowed, keyID: two)),
                BlockBuilder.record(Decision(reason: .invalidAPIKey)),
                BlockBuilder.action(action),
                BlockBuilder.record(Decision(reason: .keyDisabled, keyID: two)),
            ]
        )
        _ = try store.appendDurably(block.span, epoch: .first)
        let findings = try #require(try store.findings(after: start))
        #expect(findings.watched == [one])
        #expect(findings.denials == [.init(two, .keyDisabled, minute: 2): 2])
        #expect(findings.acts == [.init(time: WallTime(milliseconds: 120_000), action: action)])
        #expect(findings.position == JournalPosition(rawValue: 1))
        #expect(!findings.hasMore)
        #expect(try store.findings(after: findings.position) == nil)
    }

    @Test("A block stays in the journal until it was read for notices")
    func keptBlocks() throws {
        let store = try open()
        let start = try store.beginReading()
        for number in 1...3 {
            _ = try store.append(
                BlockBuilder.block(
                    at: Int64(number),
                    [Decision(keyID: Samples.keyID(number), isWatched: true)]
                )
            )
        }
        try store.seal()
        try store.writeSnapshot()
        let findings = try #require(try store.findings(after: start))
        #expect(findings.watched == Set((1...3).map(Samples.keyID)))
    }

    @Test("A start drops no block that was not read yet, though it is in a segment and a snapshot")
    func keptOverCrash() throws {
        let store = try open()
        _ = try store.beginReading()
        let action = ManagementAction("key.updated", by: nil, on: "key_1")
        for number in 1...3 {
            let block = BlockBuilder.block(
                at: BlockBuilder.now(Int64(number)),
                [BlockBuilder.action(action)]
            )
            _ = try store.appendDurably(block.span, epoch: .first)
        }
        try store.seal()
        try directory.copy("data", to: "crashed")
        let dropped = DispatchSemaphore(value: 0)
        var options = Samples.options
        options.whenSnapshotting = { if $0 == .blocksDropped { dropped.signal() } }
        let crashed = try Store(directory: directory.path("crashed"), options: options)
        dropped.wait()
        let findings = try crashed.findings(after: try crashed.beginReading())
        #expect(findings?.acts.map(\.action) == [action, action, action])
    }
}
