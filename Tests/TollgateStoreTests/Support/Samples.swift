internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

/// Things that many tests need.
enum Samples {
    static func keyID(_ number: Int) -> KeyID {
        KeyID(time: WallTime(milliseconds: Int64(1_000 + number)), entropy: UInt128(number))
    }

    static func digest(_ number: Int) -> KeyDigest {
        let word = UInt64(truncatingIfNeeded: number) &* 0x9E37_79B9_7F4A_7C15
        return KeyDigest(words: (word, ~word, word &+ 1, 7))
    }

    /// A record whose secrets have these digests.
    static func record(_ number: Int, digests: [Int]) -> KeyRecord {
        let time = WallTime(milliseconds: Int64(1_000 + number))
        var record = KeyRecord(id: keyID(number), name: "key \(number)", createdAt: time)
        record.secrets = digests.map {
            StoredSecret(digest: digest($0), masked: "tg_live_…\($0)", createdAt: time)
        }
        return record
    }

    /// A block of random decisions: few keys and models, and now and then something rare.
    static func randomBlock(
        at time: Int64,
        using generator: inout SeededGenerator
    ) -> [UInt8] {
        let models = ["gpt-4o", "claude-sonnet", "", "modèle-é", "llama-3"]
        let decisions = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
            var decision = Decision()
            decision.reason =
                Bool.random(using: &generator)
                ? .allowed : Reason.allCases.randomElement(using: &generator) ?? .allowed
            if Int.random(in: 0..<5, using: &generator) > 0 {
                decision.keyID = keyID(Int.random(in: 1...9, using: &generator))
            }
            decision.model = models.randomElement(using: &generator) ?? ""
            decision.requestID = "req-\(UInt32.random(in: 0 ... .max, using: &generator))"
            decision.tokens = UInt64.random(in: 0...1_000_000, using: &generator)
            if Int.random(in: 0..<6, using: &generator) == 0 {
                decision.metadata = [AuditEntry.Pair(key: "team", value: "α")]
            }
            return decision
        }
        return BlockBuilder.block(at: time, decisions)
    }

    /// Options for tests: nothing is sealed, and no snapshot written, unless a test says so.
    static var options: StoreOptions {
        var options = StoreOptions()
        options.segmentSize = 1 << 30
        options.segmentAge = 1 << 40
        options.cacheSize = 1 << 20
        options.ledger.snapshotAge = 1 << 40
        return options
    }
}

extension AuditLog {
    /// All pages of a query, one behind the other.
    func all(_ query: AuditQuery) throws -> [AuditEntry] {
        var query = query
        var entries: [AuditEntry] = []
        while true {
            let page = try page(query)
            entries += page.entries
            guard let next = page.next else { return entries }
            query.cursor = next
        }
    }
}

extension Journal {
    /// Appends a block that a test has written.
    @discardableResult
    func append(_ block: [UInt8], epoch: JournalEpoch = .first) throws -> UInt64 {
        try append(block.span, epoch: epoch).rawValue
    }
}
