import Testing
import TollgateCore

@testable import TollgateWire

@Suite("Stored key records")
struct KeyRecordCodecTests {
    private func decode(_ bytes: [UInt8]) throws -> KeyRecord {
        try KeyRecordCodec.decode(bytes.span)
    }

    private func full() -> KeyRecord {
        var record = KeyRecord(
            id: KeyID(rawValue: 0x0123_4567_89AB_CDEF_0011_2233_4455_6677),
            name: "Größe",
            createdAt: WallTime(milliseconds: 1_795_208_196_509)
        )
        record.description = "for tests"
        record.environment = "test"
        record.group = "group"
        record.metadata = ["b": "2", "a": "1", "": ""]
        record.status = .revoked
        record.updatedAt = WallTime(milliseconds: -1)
        record.createdBy = KeyID(rawValue: 0)
        record.restrictions = StoredSamples.restrictions
        record.permissions = .all
        record.secrets = [
            StoredSecret(
                digest: KeyDigest(words: (1, 2, 3, .max)),
                masked: "tg_live_…abcd",
                createdAt: WallTime(milliseconds: 5),
                validUntil: WallTime(milliseconds: 0)
            ),
            StoredSecret(
                digest: KeyDigest(words: (4, 5, 6, 7)),
                masked: "",
                createdAt: WallTime(milliseconds: 6),
                isHashed: true
            ),
        ]
        record.version = .max
        record.organization = "org"
        record.team = "team"
        record.user = "user"
        record.enforcement = .monitor
        record.unsettled = .release
        record.access = .readOnly
        record.isTemporary = true
        record.session = "session"
        record.isExpiryRecorded = true
        record.notices = StoredSamples.notices
        return record
    }

    @Test("A record comes back as it was, every field of it")
    func roundTrip() throws {
        #expect(try decode(KeyRecordCodec.encode(full())) == full())
        let small = KeyRecord(
            id: KeyID(rawValue: 1),
            name: "",
            createdAt: WallTime(milliseconds: 0)
        )
        #expect(try decode(KeyRecordCodec.encode(small)) == small)
    }

    @Test("The largest record that can be made can also be read", arguments: [1, 2, 4, 60, 256])
    func largest(length: Int) throws {
        var record = full()
        let name = String(repeating: "x", count: length)
        let names = Array(repeating: name, count: NameRule.patternLimit)
        let lists = NameLists(allowed: names, denied: names)
        record.models = lists
        record.providers = lists
        record.suppliers = lists
        record.regions = lists
        record.actions = lists
        record.ipAllowlist.addresses = Array(repeating: "::1", count: IPAllowlist.addressLimit)
        for index in 0..<64 { record.metadata["\(index)"] = "" }
        let texts = Array(repeating: name, count: PolicyBounds.entries)
        var statement = PolicyStatement(effect: .allow, actions: texts, resources: texts)
        statement.condition.isIn = texts
        statement.condition.notIn = texts
        statement.condition.ipIn = texts
        statement.condition.regionIn = texts
        record.policy?.statements = Array(repeating: statement, count: PolicyBounds.statements)
        record.iamRules = Array(repeating: .allowModels(texts), count: PolicyBounds.statements)
        #expect(try decode(KeyRecordCodec.encode(record)) == record)
    }

    @Test("A record always has the same bytes")
    func deterministic() {
        #expect(KeyRecordCodec.encode(full()) == KeyRecordCodec.encode(full()))
    }

    @Test(
        "A field of a newer version is refused, wherever it is",
        arguments: [
            // Field 31; the same in metadata, in restrictions, in a secret, in notices.
            [0xF8, 0x01, 0x01], [0x32, 0x03, 0xF8, 0x01, 0x01], [0x5A, 0x03, 0xF8, 0x01, 0x01],
            [0x6A, 0x03, 0xF8, 0x01, 0x01], [0xC2, 0x01, 0x03, 0xF8, 0x01, 0x01],
            // In parts of restrictions: the end, models, limits, one of them, the policy.
            [0x5A, 0x05, 0x0A, 0x03, 0xF8, 0x01, 0x01], [0x5A, 0x05, 0x12, 0x03, 0xF8, 0x01, 0x01],
            [0x5A, 0x05, 0x4A, 0x03, 0xF8, 0x01, 0x01],
            [0x5A, 0x07, 0x4A, 0x05, 0x0A, 0x03, 0xF8, 0x01, 0x01],
            [0x5A, 0x05, 0x52, 0x03, 0xF8, 0x01, 0x01],
            // In parts of notices: alerts of budgets, alerts, a count of theirs, webhooks, a rule.
            [0xC2, 0x01, 0x05, 0x0A, 0x03, 0xF8, 0x01, 0x01],
            [0xC2, 0x01, 0x05, 0x12, 0x03, 0xF8, 0x01, 0x01],
            [0xC2, 0x01, 0x07, 0x12, 0x05, 0x12, 0x03, 0xF8, 0x01, 0x01],
            [0xC2, 0x01, 0x05, 0x1A, 0x03, 0xF8, 0x01, 0x01],
            [0xC2, 0x01, 0x05, 0x22, 0x03, 0xF8, 0x01, 0x01],
            [0xC2, 0x01, 0x05, 0x2A, 0x03, 0xF8, 0x01, 0x01],
        ] as [[UInt8]]
    )
    func newerFields(more: [UInt8]) {
        #expect(throws: WireError.unknownField) {
            try decode(KeyRecordCodec.encode(full()) + more)
        }
    }

    @Test(
        "Values that no writer writes are refused",
        arguments: [
            // An id of 15 bytes; status 4 (expired), 0 and 2^32 - 1; a creator of 1 byte; a secret
            // without a digest; permissions 256; enforcement 0, 3 and 256; unsettled 0 and 4; access 0
            // and 4; an alert at 101 percent.
            [0x0A, 15] + [UInt8](repeating: 1, count: 15), [0x38, 4], [0x38, 0],
            [0x38, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x52, 1, 1], [0x6A, 0],
            [0x60, 0x80, 0x02], [0x90, 0x01, 0], [0x90, 0x01, 3], [0x90, 0x01, 0x80, 0x02],
            [0x98, 0x01, 0],
            [0x98, 0x01, 4], [0xA0, 0x01, 0], [0xA0, 0x01, 4],
            [0xC2, 0x01, 0x05, 0x0A, 0x03, 0x0A, 0x01, 101],
        ] as [[UInt8]]
    )
    func badValues(more: [UInt8]) {
        #expect(throws: WireError.badValue) {
            try decode(KeyRecordCodec.encode(full()) + more)
        }
    }

    @Test("Any limits, groups and texts come back", arguments: 1...200)
    func random(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        var record = full()
        record.limits = StoredSamples.limits(using: &generator)
        record.organization = generator.text()
        record.team = generator.text()
        record.user = generator.text()
        record.metadata = [generator.text() ?? "": generator.text() ?? ""]
        record.enforcement = Enforcement.allCases.randomElement(using: &generator) ?? .enforce
        record.unsettled = UnsettledPolicy.allCases.randomElement(using: &generator) ?? .charge
        #expect(try decode(KeyRecordCodec.encode(record)) == record, "seed \(seed)")
    }

    @Test("Half a record is refused, and so is none")
    func truncated() {
        let bytes = KeyRecordCodec.encode(full())
        for count in bytes.indices {
            let part = Array(bytes.prefix(count))
            // A cut between two fields leaves a smaller record, which is not the same one.
            #expect((try? decode(part)) != full())
        }
        #expect(throws: WireError.badValue) { try decode([]) }
    }

    @Test("A small message that would take much memory is refused")
    func amplification() {
        // Empty secrets: 2 bytes in a message, a hundred in memory.
        let bytes = [[UInt8]](repeating: [0x6A, 0x00], count: 500_000).flatMap { $0 }
        #expect(throws: WireError.tooMany) { try decode(bytes) }
    }
}
