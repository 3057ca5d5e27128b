internal import Testing
internal import TollgateCore
internal import TollgateTesting

@testable internal import TollgateEngine

@Suite("Groups in memory")
struct GroupTests {
    @Test("follow the newest record, also when an older one is read or comes later")
    func versions() throws {
        let house = try House()
        let id = try #require(GroupID(.organization, "acme"))
        let old = group(id, subject: 1) { $0.limits.requests.total = 5 }
        var new = old
        new.version = 2
        new.limits.requests.total = 9
        house.groups.put(old)
        #expect(try house.engine.usage(ofGroup: id)?.limits.first?.limit == 5)
        // The catalogue still gives out the old one, as it does to who has asked just before.
        try house.engine.groupChanged(new)
        #expect(try house.engine.usage(ofGroup: id)?.limits.first?.limit == 9)
        try house.engine.groupChanged(old)
        #expect(try house.engine.usage(ofGroup: id)?.limits.first?.limit == 9)
    }

    @Test("start afresh under a name that another one had before")
    func secondOfTheName() throws {
        let house = try House()
        let id = try #require(GroupID(.organization, "acme"))
        let first = group(id, subject: 1) { _ in }
        house.groups.put(first)
        let (key, secret) = try house.key(in: "acme")
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: secret) == .allowed)
        let second = group(id, subject: 2) { $0.version = 1 }
        house.groups.put(second)
        try house.engine.groupChanged(second)
        #expect(try house.engine.usage(ofGroup: id)?.used(.total).requests == 0)
        // What the first one's key still holds goes on to count where it was charged.
        #expect(try house.engine.usage(ofKey: key.id)?.counters.openHolds == 1)
    }

    @Test("that are disabled stop their keys from the next decision on")
    func disabled() throws {
        let house = try House()
        let id = try #require(GroupID(.organization, "acme"))
        var record = group(id, subject: 1) { _ in }
        house.groups.put(record)
        let secret = try house.key(in: "acme").secret
        let loop = house.engine.makeLoop()
        for isEnabled in [true, false, true] {
            record.version += 1
            record.isEnabled = isEnabled
            house.groups.put(record)
            try house.engine.groupChanged(record)
            #expect(try loop.reason(for: secret) == (isEnabled ? .allowed : .keyDisabled))
        }
    }

    @Test("whose change is stored and cannot be made to count stop all decisions until it does")
    func changeThatDoesNotCount() throws {
        let house = try House()
        let id = try #require(GroupID(.team, "red"))
        let acme = try #require(GroupID(.organization, "acme"))
        house.groups.put(group(acme, subject: 1) { _ in })
        var team = group(id, subject: 2) { $0.organization = "acme" }
        house.groups.put(team)
        let secret = try house.key { $0.team = .some("red") }.secret
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: secret) == .allowed)
        team.version += 1
        team.isEnabled = false
        house.groups.put(team)
        house.groups.breaks(true)
        #expect(throws: EngineError.self) { try house.engine.groupChanged(team) }
        // By the old rules it would be allowed: nobody is told anything.
        #expect(throws: EngineError.self) { try loop.reason(for: secret) }
        #expect(!house.engine.isReady)
        house.groups.breaks(false)
        try house.engine.tend(house.engine.makeLoop())
        #expect(try loop.reason(for: secret) == .keyDisabled)
    }

    private func group(
        _ id: GroupID,
        subject: UInt128,
        _ edit: (inout GroupRecord) -> Void
    ) -> GroupRecord {
        var record = GroupRecord(
            id: id,
            subject: SubjectID(rawValue: subject),
            name: id.name,
            createdAt: WallTime(milliseconds: 0)
        )
        edit(&record)
        return record
    }
}

extension House {
    /// A new key of an organisation, and its secret.
    func key(in organization: String) throws -> (record: KeyRecord, secret: String) {
        let (old, secret) = try key()
        var record = old
        record.organization = organization
        record.version += 1
        try catalogue.save(record, replacing: old)
        return (record, secret)
    }

    /// Writes an organisation of which there was nothing before.
    func put(_ organization: String, _ limit: (inout LimitSettings) -> Void = { _ in }) throws {
        let id = try #require(GroupID(.organization, organization))
        let name = organization.utf8.reduce(UInt128(0)) { $0 &* 31 &+ UInt128($1) }
        var record = GroupRecord(
            id: id,
            subject: SubjectID(rawValue: name),
            name: organization,
            createdAt: WallTime(milliseconds: 0)
        )
        limit(&record.limits)
        groups.put(record)
    }

    /// Moves a key to another organisation, or to none, as the administrator.
    func move(_ key: KeyID, to organization: String?) throws {
        var changes = KeyChanges()
        changes.organization = .some(organization)
        _ = try registry.update(key, version: nil, changes, by: administrator)
    }
}
