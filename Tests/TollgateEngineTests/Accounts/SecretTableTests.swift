internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("The secrets in memory")
struct SecretTableTests {
    @Test("answer as a plain dictionary would, through any changes")
    func agreesWithModel() throws {
        var random = SeededGenerator(seed: 31)
        let table = SecretTable(limit: 1 << 20)
        var model: [KeyDigest: ActiveKey] = [:]
        let digests = (0..<400).map { _ in self.digest(&random, spread: 3) }
        for step in 0..<20_000 {
            let digest = digests[random.number(in: 0...digests.count - 1)]
            switch random.number(in: 0...9) {
            case 0...2:
                let key = try key(UInt64(step))
                table.put(digest, key)
                model[digest] = key
            case 3:
                table.remove(digest)
                model[digest] = nil
            default:
                #expect(table.key(for: digest) === model[digest])
            }
            #expect(table.count == model.count)
        }
        #expect(model.count > 100)
    }

    @Test("stay as many as the limit says, and those in use stay")
    func eviction() throws {
        var random = SeededGenerator(seed: 33)
        let table = SecretTable(limit: 640)
        let key = try key(1)
        let favourite = digest(&random)
        table.put(favourite, key)
        for _ in 0..<20_000 {
            table.put(digest(&random), key)
            if table.key(for: favourite) == nil {
                Issue.record("the favourite has left")
                break
            }
        }
        #expect(table.count == 640)
    }

    @Test("all stay that the limit has room for, however they fall to the shards")
    func unevenShards() throws {
        var random = SeededGenerator(seed: 35)
        let table = SecretTable(limit: 1000)
        let key = try key(1)
        let digests = (0..<1000).map { _ in digest(&random) }
        for digest in digests { table.put(digest, key) }
        for digest in digests { #expect(table.key(for: digest) === key) }
        #expect(table.count == 1000)
    }

    @Test("find every key again after others have left, wherever their places collide")
    func chains() throws {
        var random = SeededGenerator(seed: 34)
        // All in one shard, and with eight home places among them.
        let table = SecretTable(limit: 64 * 500)
        let digests = (0..<300).map { _ in
            let word = random.next() << 32 | (random.next() & 7) << 1
            return KeyDigest(words: (5, word, random.next(), random.next()))
        }
        let keys = try digests.indices.map { try key(UInt64($0)) }
        for (digest, key) in zip(digests, keys) { table.put(digest, key) }
        var left = Set(keys.indices)
        for index in keys.indices.shuffled(using: &random) {
            table.remove(digests[index])
            left.remove(index)
            #expect(table.count == left.count)
            for other in left where other % 7 == index % 7 {
                #expect(table.key(for: digests[other]) === keys[other])
            }
        }
    }

    /// A digest; with a `spread`, one whose places collide with others.
    private func digest(_ random: inout SeededGenerator, spread: UInt64? = nil) -> KeyDigest {
        let low = spread.map { (random.next() & $0) << 1 } ?? random.next()
        let second = random.next() << 32 | low & 0xFFFF_FFFF
        return KeyDigest(words: (random.next(), second, random.next(), random.next()))
    }

    private func key(_ number: UInt64) throws -> ActiveKey {
        let rules = try KeyRules(.sample(number), zones: .utcOnly)
        let meter = Meter(
            id: SubjectID(rules.id),
            level: .key,
            rules: rules.limits,
            counters: Counters()
        )
        return ActiveKey(rules, version: 1, MeterChain(key: meter), in: Account())
    }
}
