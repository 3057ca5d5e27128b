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
        record.expiresAt = WallTime(milliseconds: 0)
        record.models = NameLists(allowed: ["gpt-*", ""], denied: ["gpt-4"])
        record.providers = NameLists(allowed: ["openai"])
        record.suppliers = NameLists(denied: ["x"])
        record.regions = NameLists(allowed: ["EU"], denied: ["US"])
        record.actions = NameLists(allowed: ["chat:*"])
        record.ipAllowlist = IPAllowlist(isEnabled: true, addresses: ["10.0.0.0/8", "::1"])
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
                createdAt: WallTime(milliseconds: 6)
            ),
        ]
        record.version = .max
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
        #expect(try decode(KeyRecordCodec.encode(record)) == record)
    }

    @Test("A record always has the same bytes")
    func deterministic() {
        #expect(KeyRecordCodec.encode(full()) == KeyRecordCodec.encode(full()))
    }

    @Test(
        "A field of a newer version is refused, wherever it is",
        arguments: [
            // Field 30; the same in models, in a secret, in a time, in metadata.
            [0xF0, 0x01, 0x01], [0x62, 0x03, 0xF0, 0x01, 0x01], [0x5A, 0x03, 0xF0, 0x01, 0x01],
            [0xA2, 0x01, 0x03, 0xF0, 0x01, 0x01], [0x32, 0x03, 0xF0, 0x01, 0x01],
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
            // without a digest.
            [0x0A, 15] + [UInt8](repeating: 1, count: 15), [0x38, 4], [0x38, 0],
            [0x38, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x52, 1, 1], [0xA2, 0x01, 0],
        ] as [[UInt8]]
    )
    func badValues(more: [UInt8]) {
        #expect(throws: WireError.badValue) {
            try decode(KeyRecordCodec.encode(full()) + more)
        }
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
        let bytes = [[UInt8]](repeating: [0xA2, 0x01, 0x00], count: 100_000).flatMap { $0 }
        #expect(throws: WireError.tooMany) { try decode(bytes) }
    }
}
