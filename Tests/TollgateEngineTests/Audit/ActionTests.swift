internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@Suite("What administrators do")
struct ActionTests {
    @Test("is in the journal when the call returns, and read back as it was")
    func recorded() throws {
        let house = try House()
        let actor = KeyID(rawValue: 7)
        let actions = [
            ManagementAction("key.created", by: actor, on: "key_1", fields: ["name", "é"]),
            ManagementAction("models.updated", by: nil, on: ""),
        ]
        for action in actions { try house.engine.record(action) }
        #expect(house.blockCount == 2)
        let entries = try house.memory.entries()
        #expect(entries.map(\.action) == actions)
        #expect(entries.map(\.keyID) == [actor, nil])
        #expect(entries.map(\.outcome) == [nil, nil])
    }

    @Test("is cut where it is too long, never within a character")
    func long() throws {
        let house = try House()
        let long = String(repeating: "é€", count: 400)
        let fields = (0..<100).map { "\($0)" + String(repeating: "x", count: 300) }
        try house.engine.record(ManagementAction(long, by: nil, on: long, fields: fields))
        let action = try #require(try house.memory.entries().first?.action)
        #expect(long.hasPrefix(action.target) && action.target.utf8.count > 200)
        #expect(action.target.utf8.count <= ManagementAction.targetLimit)
        #expect(action.fields.count == ManagementAction.fieldLimit)
        #expect(long.hasPrefix(action.name) && !action.name.isEmpty)
    }

    @Test("is an error when it cannot be recorded, and nothing is allowed until it can")
    func failure() throws {
        let house = try House()
        let secret = try house.key().secret
        house.journal.fault = .losesAppends(StorageError(.io, "planted"))
        #expect(throws: StorageError.self) {
            try house.engine.record(ManagementAction("key.deleted", by: nil, on: "key_1"))
        }
        #expect(!house.engine.isReady)
        house.journal.fault = .none
        try house.engine.recover()
        #expect(try house.engine.makeLoop().reason(for: secret) == .allowed)
    }
}
