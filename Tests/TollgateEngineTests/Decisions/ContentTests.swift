internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("Decisions on content")
struct ContentTests {
    private static let rules = [
        KeyNotices.ContentRule(name: "project", pattern: "zeus", isBlocking: false),
        KeyNotices.ContentRule(name: "cards", pattern: "[0-9]{4}", isBlocking: true),
    ]

    private func set(
        _ rules: [KeyNotices.ContentRule],
        of id: KeyID,
        in house: House
    ) throws {
        var changes = KeyChanges()
        var notices = KeyNotices()
        notices.contentRules = rules
        changes.notices = notices
        _ = try house.registry.update(id, version: nil, changes, by: house.administrator)
    }

    private func question(_ secret: String) throws -> CheckRequest {
        var request = CheckRequest()
        request.present(secret)
        try request.set(.model, to: "gpt-4o")
        try request.set(.action, to: "chat:completions")
        return request
    }

    /// What is known of a request with one text.
    private func content(_ text: String, _ rules: ContentRules?) throws -> RequestContent {
        var scan = ContentScan(by: try #require(rules))
        scan.beginText()
        scan.read(Array(text.utf8).span)
        scan.endTexts()
        return .read(ContentFindings(scan, isWhole: true))
    }

    private func findings(_ house: House) throws -> JournalFindings {
        var findings = JournalFindings(upTo: JournalPosition(rawValue: 1))
        for block in house.memory.appended { _ = try findings.add(block.span) }
        return findings
    }

    @Test("need it only for keys with rules, and count and record nothing before they have it")
    func needed() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        var request = try question(secret)
        #expect(try loop.check(&request).isAllowed)
        #expect(loop.contentRules == nil)
        _ = try loop.commit()
        let before = house.memory.appended.count
        try set(Self.rules, of: record.id, in: house)
        let changes = house.memory.appended.count
        loop.beginTurn()
        let verdict = try loop.check(&request)
        #expect(verdict.needsContent && !verdict.isAllowed)
        #expect(try loop.commit() == nil)
        #expect(house.memory.appended.count == changes && changes >= before)
        request.content = try content("nothing", loop.contentRules)
        #expect(try loop.check(&request).isAllowed)
        #expect(try loop.commit() != nil)
    }

    @Test("say in the journal which rules were found, whatever was decided")
    func recorded() throws {
        let house = try House()
        let (record, secret) = try house.key()
        try set(Self.rules, of: record.id, in: house)
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        var request = try question(secret)
        _ = try loop.check(&request)
        let rules = loop.contentRules
        for (text, reason) in [
            ("nothing", Reason.allowed), ("zeus", .allowed), ("zeus 1234", .contentBlocked),
        ] {
            request.content = try content(text, rules)
            #expect(try loop.check(&request).reason == reason)
        }
        request.isDryRun = true
        #expect(try loop.check(&request).reason == .contentBlocked)
        _ = try loop.commit()
        let found = try findings(house).content
        // Without the dry run, and without the question that was not decided yet.
        let counts = found.map { ($0.key.rule, $0.value) }.sorted { $0.0 < $1.0 }
        #expect(counts.map(\.0) == [0, 1] && counts.map(\.1) == [2, 1])
        #expect(found.keys.allSatisfy { $0.keyID == record.id })
        let rows = try house.memory.entries().filter { $0.action == nil }
        #expect(rows.map(\.foundRules) == [[], [1], [1, 2]])
        #expect(rows.map(\.reason) == [.allowed, .allowed, .contentBlocked])
    }

    @Test("are not made by what was found of rules that have changed meanwhile")
    func changed() throws {
        let house = try House()
        let (record, secret) = try house.key()
        try set(Self.rules, of: record.id, in: house)
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        var request = try question(secret)
        _ = try loop.check(&request)
        request.content = try content("zeus", loop.contentRules)
        try set([Self.rules[1]], of: record.id, in: house)
        #expect(try loop.check(&request).needsContent)
        request.content = try content("zeus", loop.contentRules)
        #expect(try loop.check(&request).isAllowed)
        try set([], of: record.id, in: house)
        request.content = .unread
        #expect(try loop.check(&request).isAllowed)
    }

    @Test(
        "without content are denied only to what has some, and by rules that block",
        arguments: [
            ("chat:stream", false), ("embeddings:create", false), ("audio:create", false),
            ("images:create", false), ("messages:create", false), ("responses:create", false),
            ("", false), ("models:list", true), ("files:list", true), ("chatty", true),
        ]
    )
    func absent(_ action: String, _ isAllowed: Bool) throws {
        let house = try House()
        let (record, secret) = try house.key()
        try set(Self.rules, of: record.id, in: house)
        let loop = house.engine.makeLoop()
        loop.beginTurn()
        var request = CheckRequest()
        request.present(secret)
        try request.set(.action, to: action)
        request.content = .absent
        #expect(try loop.check(&request).isAllowed == isAllowed)
        try set([Self.rules[0]], of: record.id, in: house)
        #expect(try loop.check(&request).isAllowed)
    }
}
