import Testing
import TollgateCore

@testable import TollgateWire

@Suite("Stored group records")
struct GroupRecordCodecTests {
    private func decode(_ bytes: [UInt8]) throws -> GroupRecord {
        try GroupRecordCodec.decode(bytes.span)
    }

    private func full(_ kind: GroupKind = .user) throws -> GroupRecord {
        var record = GroupRecord(
            id: try #require(GroupID(kind, "ann.b:c_d-1")),
            subject: SubjectID(rawValue: 0x0123_4567_89AB_CDEF_0011_2233_4455_6677),
            name: "Größe",
            createdAt: WallTime(milliseconds: 1_795_208_196_509)
        )
        record.description = "for tests"
        record.metadata = ["b": "2", "a": "1", "": ""]
        record.organization = "acme"
        record.team = "search"
        record.restrictions = StoredSamples.restrictions
        record.credits = Money(nanos: 0)
        record.updatedAt = WallTime(milliseconds: -1)
        record.version = .max
        return record
    }

    @Test("A record comes back as it was, every field of it", arguments: GroupKind.allCases)
    func roundTrip(kind: GroupKind) throws {
        var record = try full(kind)
        #expect(try decode(GroupRecordCodec.encode(record)) == record)
        record.isEnabled = false
        #expect(try decode(GroupRecordCodec.encode(record)) == record)
        record.isDeleted = true
        #expect(try decode(GroupRecordCodec.encode(record)) == record)
        let small = GroupRecord(
            id: try #require(GroupID(kind, "x")),
            subject: SubjectID(rawValue: 0),
            name: "",
            createdAt: WallTime(milliseconds: 0)
        )
        #expect(try decode(GroupRecordCodec.encode(small)) == small)
    }

    @Test("Any limits and texts come back", arguments: 1...200)
    func random(seed: UInt64) throws {
        var generator = SplitMix(seed: seed)
        var record = try full(GroupKind.allCases.randomElement(using: &generator) ?? .team)
        record.limits = StoredSamples.limits(using: &generator)
        record.organization = generator.text()
        record.team = generator.text()
        record.credits = generator.money()
        record.metadata = [generator.text() ?? "": generator.text() ?? ""]
        record.subject = SubjectID(rawValue: UInt128(generator.next()) << 64)
        #expect(try decode(GroupRecordCodec.encode(record)) == record, "seed \(seed)")
    }

    @Test("A record always has the same bytes")
    func deterministic() throws {
        #expect(try GroupRecordCodec.encode(full()) == GroupRecordCodec.encode(full()))
    }

    @Test(
        "A field of a newer version is refused, wherever it is",
        arguments: [
            // Field 31; the same in metadata, in restrictions, in credits.
            [0xF8, 0x01, 0x01], [0x32, 0x03, 0xF8, 0x01, 0x01], [0x52, 0x03, 0xF8, 0x01, 0x01],
            [0x5A, 0x03, 0xF8, 0x01, 0x01],
        ] as [[UInt8]]
    )
    func newerFields(more: [UInt8]) throws {
        let bytes = try GroupRecordCodec.encode(full()) + more
        #expect(throws: WireError.unknownField) { try decode(bytes) }
    }

    @Test(
        "Values that no writer writes are refused",
        arguments: [
            // Kinds 0, 4 and 256; a name with a slash, and none; a subject of 1 byte; status 0 and 4.
            [0x08, 0], [0x08, 4], [0x08, 0x80, 0x02], [0x12, 1, 0x2F], [0x12, 0], [0x1A, 1, 1],
            [0x38, 0], [0x38, 4],
        ] as [[UInt8]]
    )
    func badValues(more: [UInt8]) throws {
        let bytes = try GroupRecordCodec.encode(full()) + more
        #expect(throws: WireError.badValue) { try decode(bytes) }
    }

    @Test("Half a record is refused, and so is none")
    func truncated() throws {
        let record = try full()
        let bytes = GroupRecordCodec.encode(record)
        for count in bytes.indices {
            // A cut between two fields leaves a smaller record, which is not the same one.
            #expect((try? decode(Array(bytes.prefix(count)))) != record)
        }
        #expect(throws: WireError.badValue) { try decode([]) }
    }
}
