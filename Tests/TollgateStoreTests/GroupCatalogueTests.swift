internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateStore
internal import TollgateTesting

/// What every catalogue of groups promises: asked of the real one and of the one in memory.
@Suite("Every catalogue of groups")
struct GroupCatalogueTests {
    enum Kind: CaseIterable {
        case stored
        case inMemory
    }

    private let directory: TemporaryDirectory

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func make(_ kind: Kind) throws -> any GroupCatalogue {
        switch kind {
        case .stored: try Store(directory: directory.path("data"), options: Samples.options)
        case .inMemory: InMemoryGroups()
        }
    }

    private func record(_ kind: GroupKind, _ name: String) throws -> GroupRecord {
        GroupRecord(
            id: try #require(GroupID(kind, name)),
            subject: SubjectID(rawValue: UInt128(name.utf8.count)),
            name: name.uppercased(),
            createdAt: WallTime(milliseconds: 5)
        )
    }

    @Test("keeps groups of one name apart by their kind", arguments: Kind.allCases)
    func kinds(kind: Kind) throws {
        let catalogue = try make(kind)
        let records = try GroupKind.allCases.map { try record($0, "a") }
        for record in records.dropLast() { try catalogue.save(record) }
        for record in records.dropLast() { #expect(try catalogue.group(record.id) == record) }
        #expect(try catalogue.group(records[2].id) == nil)
        var changed = records[0]
        changed.name = "changed"
        changed.version = 2
        try catalogue.save(changed)
        #expect(try catalogue.group(changed.id) == changed)
        #expect(try catalogue.group(records[1].id) == records[1])
    }

    @Test("lists one kind by name, in pages, without losing or repeating", arguments: Kind.allCases)
    func pages(kind: Kind) throws {
        let catalogue = try make(kind)
        let names = (0..<25).map { "g\($0)" } + ["A", "z", "g"]
        for name in names {
            for kind in GroupKind.allCases { try catalogue.save(record(kind, name)) }
        }
        for group in GroupKind.allCases {
            var cursor: String?
            var seen: [String] = []
            repeat {
                let page = try catalogue.groups(group, after: cursor, limit: 4, scanLimit: 7) {
                    $0.id.name != "g13"
                }
                #expect(page.records.count <= 4)
                #expect(page.records.allSatisfy { $0.id.kind == group })
                seen += page.records.map(\.id.name)
                cursor = page.next
            } while cursor != nil
            #expect(seen == names.filter { $0 != "g13" }.sorted())
        }
    }

    @Test("goes on behind a cursor that names no group", arguments: Kind.allCases)
    func gap(kind: Kind) throws {
        let catalogue = try make(kind)
        for name in ["a", "c"] { try catalogue.save(record(.team, name)) }
        let page = try catalogue.groups(.team, after: "b", limit: 9, scanLimit: 9) { _ in true }
        #expect(page.records.map(\.id.name) == ["c"])
    }

    @Test("in the store survives a new start, and counts as a change")
    func reopened() throws {
        let group = try record(.organization, "acme")
        do {
            let store = try Store(directory: directory.path("data"), options: Samples.options)
            try store.save(group)
            try store.save([.removed("gpt-4o"), .model(Model(id: "Mine", provider: "p"))])
            try store.save([.model(Model(id: "mINE", provider: "q"))])
            store.close()
            #expect(throws: StorageError.self) { try store.group(group.id) }
            #expect(throws: StorageError.self) { try store.storedModels() }
        }
        let store = try Store(directory: directory.path("data"), options: Samples.options)
        #expect(try store.group(group.id) == group)
        let models = try store.storedModels()
        #expect(models.map(\.id) == ["gpt-4o", "mINE"])
        guard case .removed? = models.first, case .model(let model)? = models.last else {
            Issue.record("\(models.map(\.id))")
            return
        }
        #expect(model.provider == "q")
    }
}
