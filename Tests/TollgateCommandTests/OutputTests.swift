internal import Testing
internal import TollgateAdmin

@testable internal import tollgate

@Suite("What the program prints")
struct OutputTests {
    private func expect(_ lines: [String], _ name: String) throws {
        #expect(lines.joined(separator: "\n") + "\n" == (try Golden.text(name)))
    }

    @Test("A list of keys lines up, whatever the names, and no name steers the terminal")
    func keys() throws {
        try expect(KeyTable.list(try Golden.document("keys.json")), "keys.txt")
    }

    @Test("A key shows each field that says something")
    func key() throws {
        try expect(KeyTable.details(try Golden.document("key.json")), "key.txt")
    }

    @Test("Groups, usage and models line up; what is nested has lines of its own")
    func limits() throws {
        try expect(UserWord.table(try Golden.document("groups.json")), "groups.txt")
        try expect(KeyTable.details(try Golden.document("group.json")), "group.txt")
        try expect(UsageTable.lines(try Golden.document("usage.json")), "usage.txt")
    }

    @Test("Models of LiteLLM's file are taken exactly, without those that have no price")
    func prices() throws {
        let prices = LiteLLMPrices(try Golden.document("litellm.json").members)
        #expect(prices.skipped == 7)
        try expect(ModelTable.list(["models": .array(prices.models)]), "litellm.txt")
    }

    @Test("An outcome is one line")
    func outcome() throws {
        let keys = try Golden.document("keys.json")["keys"]?.elements ?? []
        #expect(
            keys.first.map(KeyTable.outcome)
                == ["key_01m7yhrbccc364tbxb651scsnn (two) is revoked"]
        )
    }

    @Test("Decisions line up, in one list and from one look to the next")
    func audit() throws {
        let document = try Golden.document("audit.json")
        try expect(AuditTable().list(document), "audit.txt")
        let logs = document["logs"]?.elements ?? []
        try expect(AuditTable().following(logs, withHeadings: false), "audit-follow.txt")
        let first = AuditTable().following(Array(logs.prefix(1)), withHeadings: false)
        let actions = try Golden.document("actions.json")
        try expect(AuditTable(of: "management").list(actions), "audit-management.txt")
        try expect(AuditTable(of: "all").list(actions), "audit-all.txt")
        #expect(first == Array(AuditTable().following(logs, withHeadings: false).prefix(1)))
    }

    @Test("Answers about many keys become one, with places in the whole file")
    func bulk() throws {
        var imports = BulkAnswer()
        imports.add(try Golden.document("import.json"), behind: 0)
        imports.add(try Golden.document("import.json"), behind: 200)
        #expect(imports.failureCount == 2)
        try expect(BulkTable.lines(imports.document), "import.txt")
        var bulk = BulkAnswer()
        bulk.add(try Golden.document("bulk.json"), behind: 0)
        try expect(BulkTable.lines(bulk.document), "bulk.txt")
    }

    @Test("Progress is a bar that ends full")
    func progress() {
        #expect(
            ProgressLine.line("import", 50, of: 200)
                == "import [#######.......................] 25 % (50 of 200)"
        )
        #expect(
            ProgressLine.line("import", 9, of: 9).contains("[##############################] 100 %")
        )
        #expect(ProgressLine.line("import", 0, of: 0).contains("100 %"))
        #expect(
            [999, 1000, 1_550_000, 2_000_000_000].map(ByteCount.text)
                == ["999 B", "1.0 kB", "1.6 MB", "2.0 GB"]
        )
    }

    @Test("A list without entries is its headings")
    func empty() {
        let lines = KeyTable.list(["keys": .array([])])
        #expect(lines == ["ID  NAME  STATUS  KEY  GROUP  EXPIRES  LAST USED"])
    }

    @Test("An answer says what was decided, why, and what is left")
    func check() throws {
        var answer = CheckAnswer()
        answer.reason = "token_rate_limited"
        answer.message = "Too many tokens."
        answer.httpStatus = 429
        answer.keyID = "key_1"
        answer.retryAfterMilliseconds = 1500
        answer.affordableTokens = 700
        answer.limits = [
            CheckAnswer.Limit(
                name: "tokens_per_minute",
                level: "key",
                limit: 10_000,
                remaining: 700,
                resetMilliseconds: 1500
            )
        ]
        answer.explanation = ["key: passes", "limits: denies (token_rate_limited)"]
        try expect(CheckReport.lines(answer), "check-denied.txt")
        try expect([CheckReport.json(answer).text(isIndented: true)], "check-denied.json")
    }

    @Test("An allowed answer is short")
    func allowed() {
        var answer = CheckAnswer()
        answer.isAllowed = true
        answer.httpStatus = 200
        answer.keyID = "key_1"
        answer.reservationID = "rs_1"
        #expect(
            CheckReport.lines(answer) == ["allowed", "key          key_1", "reservation  rs_1"]
        )
    }
}
