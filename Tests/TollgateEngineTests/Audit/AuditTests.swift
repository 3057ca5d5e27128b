internal import Testing
internal import TollgateCore
internal import TollgateEngine

@Suite("Asking for decisions")
struct AuditTests {
    @Test("finds what every filter names, and only that")
    func filters() {
        #expect(wants { _ in })
        #expect(wants { $0.keyID = KeyID(rawValue: 5) })
        #expect(!wants { $0.keyID = KeyID(rawValue: 6) })
        #expect(wants { $0.model = "gpt-4o" })
        #expect(!wants { $0.model = "gpt-4" })
        #expect(wants { $0.reason = .modelNotAllowed })
        #expect(!wants { $0.reason = .allowed })
        #expect(wants { $0.isAllowed = false })
        #expect(!wants { $0.isAllowed = true })
        #expect(
            !wants { query in
                query.model = "gpt-4o"
                query.isAllowed = true
            }
        )
    }

    @Test("takes the start of a span of time with it, and leaves its end out")
    func times() {
        #expect(wants { $0.since = WallTime(milliseconds: 100) })
        #expect(!wants { $0.since = WallTime(milliseconds: 101) })
        #expect(wants { $0.until = WallTime(milliseconds: 101) })
        #expect(!wants { $0.until = WallTime(milliseconds: 100) })
    }

    @Test("goes by places that grow with block and record")
    func places() {
        let places = [(2, 0), (1, 1), (1, 0), (10, 3)].map { position, index in
            AuditPlace(position: JournalPosition(rawValue: position), index: index)
        }
        let sorted = places.sorted().map { "\($0.position.rawValue).\($0.index)" }
        #expect(sorted == ["1.0", "1.1", "2.0", "10.3"])
    }

    private func wants(_ edit: (inout AuditQuery) -> Void) -> Bool {
        let place = AuditPlace(position: JournalPosition(rawValue: 1), index: 0)
        var entry = AuditEntry(
            place: place,
            time: WallTime(milliseconds: 100),
            reason: .modelNotAllowed
        )
        entry.keyID = KeyID(rawValue: 5)
        entry[.model] = "gpt-4o"
        var query = AuditQuery()
        edit(&query)
        return query.wants(entry)
    }
}
