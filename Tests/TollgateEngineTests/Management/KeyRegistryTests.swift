internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

@Suite("Managing keys")
struct KeyRegistryTests {
    @Test("gives ids in the order of creation, also within a millisecond and when time steps back")
    func order() throws {
        let house = try House()
        var ids: [KeyID] = []
        for number in 0..<50 {
            if number == 25 { house.time.setWall(WallTime(milliseconds: 1)) }
            ids.append(try house.key { $0.name = "key \(number)" }.record.id)
        }
        #expect(ids == ids.sorted())
        #expect(Set(ids).count == ids.count)
    }

    @Test("creates a key that works at once, with a secret that is nowhere in its record")
    func create() throws {
        let house = try House()
        let (record, secret) = try house.key { changes in
            changes.environment = "test"
            changes.metadata = ["team": "red"]
            changes.permissions = .viewAllUsage
        }
        #expect(secret.hasPrefix("tg_test_"))
        #expect(record.environment == "test")
        #expect(record.version == 1)
        #expect(record.createdBy == house.administrator.keyID)
        #expect(record.createdAt == house.time.now().wall)
        #expect(record.secrets.count == 1)
        #expect(record.secrets.first?.masked == "tg_test_…" + secret.suffix(4))
        #expect(!"\(record)".contains(secret))
        #expect(try house.registry.key(record.id) == record)
        #expect(try house.engine.makeLoop().reason(for: secret) == .allowed)
        let principal = try house.registry.principal(presenting: secret)
        #expect(principal == Principal(record))
    }

    @Test("gives every key an id and a secret of its own")
    func unique() throws {
        let house = try House()
        let keys = try (0..<100).map { _ in try house.key() }
        #expect(Set(keys.map(\.record.id)).count == 100)
        #expect(Set(keys.map(\.secret)).count == 100)
    }

    @Test("creates nothing when it is refused")
    func refusedCreation() throws {
        let house = try House()
        #expect(throws: RegistryError.invalid(field: "name", "is required")) {
            try house.registry.create(KeyChanges(), by: house.administrator)
        }
        #expect(throws: RegistryError.self) { try house.key { $0.allowedModels = [""] } }
        #expect(throws: RegistryError.self) { try house.key { $0.environment = "Live" } }
        #expect(throws: RegistryError.self) { try house.key { $0.status = .expired } }
        #expect(try house.catalogue.isEmpty())
        house.catalogue.setWriting(.failsWithoutWriting)
        #expect(throws: RegistryError.unavailable) { try house.key() }
        #expect(try house.catalogue.isEmpty())
    }

    @Test("changes what is named and nothing else, and counts the versions")
    func update() throws {
        let house = try House()
        let old = try house.key { $0.allowedModels = ["gpt-*"] }.record
        house.time.advance(milliseconds: 10)
        var changes = KeyChanges()
        changes.deniedModels = ["gpt-4"]
        let new = try house.registry.update(old.id, version: 1, changes, by: house.administrator)
        var expected = old
        expected.models.denied = ["gpt-4"]
        expected.version = 2
        expected.updatedAt = house.time.now().wall
        #expect(new == expected)
        #expect(try house.registry.key(old.id) == expected)
    }

    @Test("leaves a key alone when nothing about it is different")
    func nothingToChange() throws {
        let house = try House()
        let record = try house.key { $0.group = "g" }.record
        house.time.advance(milliseconds: 10)
        var changes = KeyChanges()
        changes.group = "g"
        changes.environment = "live"
        let same = try house.registry.update(
            record.id,
            version: 1,
            changes,
            by: house.administrator
        )
        #expect(same == record)
    }

    @Test("refuses to overwrite what someone else has changed meanwhile")
    func versions() throws {
        let house = try House()
        let id = try house.key().record.id
        var changes = KeyChanges()
        changes.name = "second"
        _ = try house.registry.update(id, version: 1, changes, by: house.administrator)
        changes.name = "third"
        #expect(throws: RegistryError.changedMeanwhile) {
            try house.registry.update(id, version: 1, changes, by: house.administrator)
        }
        #expect(try house.registry.key(id).name == "second")
        let third = try house.registry.update(id, version: 2, changes, by: house.administrator)
        #expect(third.version == 3)
    }

    @Test("loses no change when many come at once")
    func concurrentUpdates() async throws {
        let house = try House()
        let id = try house.key().record.id
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<8 {
                group.addTask {
                    for number in 0..<25 {
                        var isDone = false
                        while !isDone {
                            let seen = try house.registry.key(id)
                            var changes = KeyChanges()
                            changes.allowedModels = seen.models.allowed + ["\(writer).\(number)"]
                            do {
                                _ = try house.registry.update(
                                    id,
                                    version: seen.version,
                                    changes,
                                    by: house.administrator
                                )
                                isDone = true
                            } catch RegistryError.changedMeanwhile {
                                await Task.yield()
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let record = try house.registry.key(id)
        #expect(Set(record.models.allowed).count == 200)
        #expect(record.models.allowed.count == 200)
        #expect(record.version == 201)
    }

    @Test("switches keys on and off, and revokes them for good")
    func statuses() throws {
        let house = try House()
        let id = try house.key().record.id
        #expect(try house.setStatus(.disabled, of: id).status == .disabled)
        #expect(try house.setStatus(.enabled, of: id).status == .enabled)
        let revoked = try house.setStatus(.revoked, of: id)
        #expect(revoked.status == .revoked)
        for status in [KeyStatus.enabled, .disabled] {
            #expect(throws: RegistryError.revoked) { try house.setStatus(status, of: id) }
        }
        // A second revocation finds what it wants.
        #expect(try house.setStatus(.revoked, of: id) == revoked)
        #expect(throws: RegistryError.self) { try house.setStatus(.expired, of: id) }
        #expect(throws: RegistryError.notFound) {
            try house.setStatus(.enabled, of: KeyID(rawValue: 1))
        }
    }

    @Test("sets a status in an update by the same rules")
    func statusInUpdate() throws {
        let house = try House()
        let id = try house.key().record.id
        var changes = KeyChanges()
        changes.status = .revoked
        changes.name = "gone"
        let record = try house.registry.update(id, version: nil, changes, by: house.administrator)
        #expect(record.status == .revoked)
        #expect(record.name == "gone")
        changes.status = .enabled
        #expect(throws: RegistryError.revoked) {
            try house.registry.update(id, version: nil, changes, by: house.administrator)
        }
        changes.status = .expired
        #expect(
            throws: RegistryError.invalid(
                field: "status",
                "cannot be set to expired; set expires_at"
            )
        ) { try house.registry.update(id, version: nil, changes, by: house.administrator) }
    }

    @Test("never moves a key to another environment: its secret names the one it has")
    func environment() throws {
        let house = try House()
        let id = try house.key().record.id
        var changes = KeyChanges()
        changes.environment = "test"
        #expect(
            throws: RegistryError.invalid(
                field: "environment",
                "is part of the secret and cannot change"
            )
        ) { try house.registry.update(id, version: nil, changes, by: house.administrator) }
    }

    @Test("lets nobody give away a permission that they do not have")
    func permissions() throws {
        let house = try House()
        let id = try house.key().record.id
        let editor = Principal(
            keyID: KeyID(rawValue: 5),
            permissions: [.manageKeys, .viewAllUsage]
        )
        var changes = KeyChanges()
        changes.name = "another"
        let forbidden = RegistryError.forbidden(field: "permissions", "exceed your own")
        for permissions in [Permissions.manageBilling, .all, Permissions(rawValue: 1 << 7)] {
            changes.permissions = permissions
            #expect(throws: forbidden) { try house.registry.create(changes, by: editor) }
            #expect(throws: forbidden) {
                try house.registry.update(id, version: nil, changes, by: editor)
            }
        }
        for permissions in [Permissions.manageKeys, [], [.manageKeys, .viewAllUsage]] {
            changes.permissions = permissions
            #expect(
                try house.registry.create(changes, by: editor).record.permissions == permissions
            )
        }
    }

    @Test("makes a secret for the first administrator of an empty store, and only of an empty one")
    func firstAdministrator() throws {
        let house = try House()
        let secret = try #require(try house.registry.firstAdministratorSecret())
        #expect(try house.catalogue.isEmpty())
        let record = try #require(try house.registry.registerAdministrator(secret: secret))
        #expect(record.secrets.first?.masked.hasPrefix("tg_live_") == true)
        let principal = try house.registry.principal(presenting: secret)
        #expect(principal?.permissions == .all)
        #expect(try house.registry.firstAdministratorSecret() == nil)
    }

    @Test("registers the operator's secret as an administrator, once")
    func registerAdministrator() throws {
        let house = try House()
        let record = try #require(
            try house.registry.registerAdministrator(secret: "operator-secret")
        )
        #expect(record.permissions == .all)
        #expect(record.secrets.first?.masked == "…")
        #expect(try house.registry.registerAdministrator(secret: "operator-secret") == nil)
        let principal = try house.registry.principal(presenting: "operator-secret")
        #expect(principal == Principal(record))
    }

    @Test(
        "refuses operators' secrets that cannot be meant",
        arguments: [
            "", "short12", "has a space", "line\nbreak",
            "tg_live_000000000000000000000000000000001",
            String(repeating: "x", count: 1025),
        ]
    )
    func badAdministrator(_ secret: String) throws {
        let house = try House()
        let error = #expect(throws: RegistryError.self) {
            try house.registry.registerAdministrator(secret: secret)
        }
        guard case .invalid("admin_key", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try house.catalogue.isEmpty())
    }

    @Test("knows nobody by a secret that is none, and says why one does not work")
    func principals() throws {
        let house = try House()
        let (record, secret) = try house.key { changes in
            changes.expiresAt = WallTime(milliseconds: house.time.now().wall.milliseconds + 5)
        }
        #expect(try house.registry.principal(presenting: secret) != nil)
        for other in [
            "", "unknown", String(secret.dropLast()), String(repeating: "x", count: 2000),
        ] {
            #expect(try house.registry.principal(presenting: other) == nil)
        }
        _ = try house.setStatus(.disabled, of: record.id)
        #expect(throws: RegistryError.unusable(.keyDisabled)) {
            try house.registry.principal(presenting: secret)
        }
        _ = try house.setStatus(.enabled, of: record.id)
        #expect(try house.registry.principal(presenting: secret) != nil)
        house.time.advance(milliseconds: 5)
        #expect(throws: RegistryError.unusable(.keyExpired)) {
            try house.registry.principal(presenting: secret)
        }
        _ = try house.setStatus(.revoked, of: record.id)
        #expect(throws: RegistryError.unusable(.keyRevoked)) {
            try house.registry.principal(presenting: secret)
        }
        house.catalogue.setReadable(false)
        #expect(throws: RegistryError.unavailable) {
            try house.registry.principal(presenting: "not in memory")
        }
    }

    @Test("lists keys page by page, the newest first")
    func pages() throws {
        let house = try House()
        var ids: [KeyID] = []
        for number in 0..<10 {
            house.time.advance(milliseconds: 1)
            ids.append(
                try house.key { $0.group = number.isMultiple(of: 2) ? "even" : "odd" }.record.id
            )
        }
        let first = try house.registry.keys(after: nil, limit: 3, seenBy: house.administrator) {
            $0.group == "even"
        }
        #expect(first.records.map(\.id) == [ids[8], ids[6], ids[4]])
        let second = try house.registry.keys(
            after: first.next,
            limit: 3,
            seenBy: house.administrator
        ) { $0.group == "even" }
        #expect(second.records.map(\.id) == [ids[2], ids[0]])
        #expect(second.next == nil)
    }

    @Test("finds no key that is not there")
    func notFound() throws {
        let house = try House()
        let id = KeyID(rawValue: 7)
        #expect(throws: RegistryError.notFound) { try house.registry.key(id) }
        #expect(throws: RegistryError.notFound) {
            try house.registry.update(id, version: nil, KeyChanges(), by: house.administrator)
        }
    }

    @Test("says so when a change cannot be written, and decisions go by what is there")
    func failedWrite() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: secret) == .allowed)
        house.catalogue.setWriting(.failsWithoutWriting)
        #expect(throws: RegistryError.unavailable) {
            try house.setStatus(.revoked, of: record.id)
        }
        #expect(try loop.reason(for: secret) == .allowed)
        #expect(try house.registry.key(record.id) == record)
    }

    @Test("lets a revocation hold that was written although the write failed")
    func writtenAllTheSame() throws {
        let house = try House()
        let (record, secret) = try house.key()
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: secret) == .allowed)
        house.catalogue.setWriting(.failsAfterWriting)
        #expect(throws: RegistryError.unavailable) {
            try house.setStatus(.revoked, of: record.id)
        }
        #expect(try loop.reason(for: secret) == .keyRevoked)
        // Whoever tries again finds nothing left to change, and must be able to rely on that.
        house.catalogue.setWriting(.works)
        #expect(try house.setStatus(.revoked, of: record.id).status == .revoked)
        #expect(try loop.reason(for: secret) == .keyRevoked)
    }
}
