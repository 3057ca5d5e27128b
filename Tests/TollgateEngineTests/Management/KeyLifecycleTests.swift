internal import Testing
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateTesting

@Suite("The life of a key")
struct KeyLifecycleTests {
    // MARK: Rotation

    @Test("goes on with a new secret: id, limits and usage stay, the old one works for its grace")
    func rotation() throws {
        let house = try House()
        var limits = LimitSettings()
        limits.requests.total = 3
        let (record, old) = try house.key { $0.limits = limits }
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: old) == .allowed)
        let (rotated, new) = try house.registry.rotate(
            record.id,
            grace: 60,
            by: house.administrator
        )
        #expect(rotated.id == record.id && rotated.version == 2 && rotated.secrets.count == 2)
        #expect(new != old && new.hasPrefix("tg_live_"))
        #expect(try loop.reason(for: old) == .allowed)
        house.time.advance(milliseconds: 60_000)
        #expect(try loop.reason(for: old) == .invalidAPIKey)
        #expect(try loop.reason(for: new) == .allowed)
        // All three were counted for the one key.
        #expect(try loop.reason(for: new) == .requestQuotaExceeded)
    }

    @Test("keeps two secrets at most: a second rotation ends the oldest at once")
    func twoSecrets() throws {
        let house = try House()
        let (record, first) = try house.key()
        let loop = house.engine.makeLoop()
        let second = try house.registry.rotate(record.id, grace: 600, by: house.administrator)
        let third = try house.registry.rotate(record.id, grace: 60, by: house.administrator)
        #expect(third.record.secrets.count == 2)
        #expect(try loop.reason(for: first) == .invalidAPIKey)
        #expect(try loop.reason(for: second.secret) == .allowed)
        #expect(try loop.reason(for: third.secret) == .allowed)
    }

    @Test("without grace the old secret ends with the rotation")
    func noGrace() throws {
        let house = try House()
        let (record, old) = try house.key()
        let loop = house.engine.makeLoop()
        #expect(try loop.reason(for: old) == .allowed)
        let (rotated, new) = try house.registry.rotate(
            record.id,
            grace: 0,
            by: house.administrator
        )
        #expect(rotated.secrets.count == 1)
        #expect(try loop.reason(for: old) == .invalidAPIKey)
        #expect(try loop.reason(for: new) == .allowed)
    }

    @Test("is not rotated when that cannot be")
    func refusedRotations() throws {
        let house = try House()
        let id = try house.key().record.id
        for grace in [-1, KeyRegistry.longestGrace + 1] {
            let error = #expect(throws: RegistryError.self) {
                try house.registry.rotate(id, grace: grace, by: house.administrator)
            }
            #expect(error == .invalid(field: "grace", "must be from 0 to 30 days"))
        }
        try house.setStatus(.revoked, of: id)
        #expect(throws: RegistryError.revoked) {
            try house.registry.rotate(id, grace: 0, by: house.administrator)
        }
    }

    // MARK: Sessions and ends

    @Test("ends with its session, together with all others of it and no other")
    func sessions() throws {
        let house = try House()
        let loop = house.engine.makeLoop()
        func key(_ session: String?) throws -> String {
            try house.key { changes in
                changes.type = .temporary
                changes.expiresAt = .some(WallTime(milliseconds: 1 << 50))
                changes.session = session
            }.secret
        }
        let (one, two) = (try key("s"), try key("s"))
        let others = [try key("t"), try key(nil)]
        for secret in [one, two] + others { #expect(try loop.reason(for: secret) == .allowed) }
        #expect(try house.registry.endSession("s", by: house.administrator) == 2)
        for secret in [one, two] { #expect(try loop.reason(for: secret) == .keyRevoked) }
        for secret in others { #expect(try loop.reason(for: secret) == .allowed) }
        #expect(try house.registry.endSession("s", by: house.administrator) == 0)
    }

    @Test("that ends with its session does so whatever others of it the editor may not touch")
    func mightierSessions() throws {
        let house = try House()
        let loop = house.engine.makeLoop()
        func key(_ permissions: Permissions) throws -> String {
            try house.key { changes in
                changes.type = .temporary
                changes.expiresAt = .some(WallTime(milliseconds: 1 << 50))
                changes.session = "s"
                changes.permissions = permissions
            }.secret
        }
        let (before, mightier, after) = (try key([]), try key(.viewAllUsage), try key([]))
        let editor = Principal(keyID: KeyID(rawValue: 5), permissions: .manageKeys)
        #expect {
            try house.registry.endSession("s", by: editor)
        } throws: { error in
            if case .forbidden? = error as? RegistryError { true } else { false }
        }
        for secret in [before, after] { #expect(try loop.reason(for: secret) == .keyRevoked) }
        #expect(try loop.reason(for: mightier) == .allowed)
        #expect(try house.registry.endSession("s", by: house.administrator) == 1)
    }

    @Test("that is temporary has an end")
    func temporary() throws {
        let house = try House()
        let error = #expect(throws: RegistryError.self) {
            try house.key { $0.type = .temporary }
        }
        #expect(error == .invalid(field: "expires_in", "is needed for a temporary key"))
    }

    @Test("is on record as expired once, also across restarts, and again when it got a new end")
    func expiries() throws {
        let house = try House()
        let now = house.time.now().wall
        let end = WallTime(milliseconds: now.milliseconds + 1000)
        let id = try house.key { $0.expiresAt = .some(end) }.record.id
        _ = try house.key()
        func expired() -> [String] {
            house.actions.all.filter { $0.name == "key.expired" }.map(\.target)
        }
        #expect(try house.registry.recordExpiries(limit: 10) == 0)
        house.time.advance(milliseconds: 1000)
        #expect(try house.registry.recordExpiries(limit: 10) == 1)
        #expect(expired() == ["\(id)"])
        #expect(house.actions.all.last?.actor == nil)
        let version = try house.registry.key(id).version
        let next = try house.reopened()
        #expect(try next.registry.recordExpiries(limit: 10) == 0)
        #expect(version == 1, "whoever has read the key can still change it")
        var changes = KeyChanges()
        changes.expiresAt = .some(WallTime(milliseconds: end.milliseconds + 1000))
        _ = try house.registry.update(id, version: nil, changes, by: house.administrator)
        house.time.advance(milliseconds: 1000)
        #expect(try house.registry.recordExpiries(limit: 10) == 1)
    }

    @Test("is on record as expired later when it could not be recorded")
    func unrecordedExpiry() throws {
        let house = try House()
        let now = house.time.now().wall
        _ = try house.key { $0.expiresAt = .some(WallTime(milliseconds: now.milliseconds + 1)) }
        house.time.advance(milliseconds: 1)
        house.actions.breaks(true)
        #expect(throws: RegistryError.unrecorded) { try house.registry.recordExpiries(limit: 10) }
        house.actions.breaks(false)
        #expect(try house.registry.recordExpiries(limit: 10) == 1)
    }

    @Test("has its webhook disabled when the receiver is gone where it is, not where it was")
    func goneWebhook() throws {
        let house = try House()
        var own = KeyNotices.Webhooks()
        own.isEnabled = true
        own.url = "https://here.example/"
        var notices = KeyNotices()
        notices.webhooks = own
        let id = try house.key { $0.notices = notices }.record.id
        #expect(try !house.registry.disableGoneWebhook(of: id, at: "https://there.example/"))
        #expect(try house.registry.key(id).notices.webhooks == own)
        #expect(house.actions.all.last?.name == "key.created")
        for _ in 0..<2 {
            #expect(try house.registry.disableGoneWebhook(of: id, at: "https://here.example/"))
        }
        #expect(try house.registry.key(id).notices.webhooks?.isEnabled == false)
        #expect(house.actions.all.map(\.name) == ["key.created", "key.updated"])
    }

    // MARK: Import

    @Test("works with the secret that clients already have, however it was handed over")
    func imports() throws {
        let house = try House()
        let loop = house.engine.makeLoop()
        let (one, two) = ("sk-elsewhere-0001", "sk-elsewhere-0002")
        #expect(try loop.reason(for: two) == .invalidAPIKey)
        let first = try house.registry.importKey(
            named("one"),
            .plaintext(one),
            by: house.administrator
        )
        let bytes = Array(two.utf8)
        let hash = SHA256.digest(of: bytes.span).bytes.map { byte in
            (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        let second = try house.registry.importKey(
            named("two"),
            .sha256(hash.uppercased()),
            by: house.administrator
        )
        #expect(try loop.reason(for: one) == .allowed)
        #expect(try loop.reason(for: two) == .allowed)
        #expect(!"\(first)\(second)".contains("elsewhere"))
        #expect(second.secrets.first?.masked == "sha256:…" + hash.suffix(4))
        // Who knows only the hash knows nothing that works.
        #expect(try loop.reason(for: hash) == .invalidAPIKey)
        var request = CheckRequest()
        let raw = SHA256.digest(of: bytes.span).bytes
        request.present(raw.span)
        #expect(try loop.check(&request).reason == .invalidAPIKey)
        // A rotation gives it a secret of ours.
        let rotated = try house.registry.rotate(second.id, grace: 0, by: house.administrator)
        #expect(try loop.reason(for: two) == .invalidAPIKey)
        #expect(try loop.reason(for: rotated.secret) == .allowed)
    }

    @Test("is not imported twice, nor with a secret that cannot be")
    func refusedImports() throws {
        let house = try House()
        func error(_ secret: ImportedSecret) -> RegistryError? {
            do {
                _ = try house.registry.importKey(named("x"), secret, by: house.administrator)
                return nil
            } catch {
                return error
            }
        }
        let hash = String(repeating: "0a", count: 32)
        #expect(error(.plaintext("sk-elsewhere-0001")) == nil)
        #expect(error(.plaintext("sk-elsewhere-0001")) == .secretTaken(field: "api_key"))
        #expect(error(.sha256(hash)) == nil)
        #expect(error(.sha256(hash.uppercased())) == .secretTaken(field: "sha256"))
        for bad in ["", "0a", hash + "0a", String(repeating: "0g", count: 32)] {
            #expect(
                error(.sha256(bad))
                    == .invalid(field: "sha256", "must be 64 hexadecimal digits")
            )
        }
        for bad in ["short", "with a space", "tg_live_000000000000000000000000000000000"] {
            guard case .invalid("api_key", _)? = error(.plaintext(bad)) else {
                Issue.record("\(bad)")
                continue
            }
        }
    }

    @Test("is imported once when many try at the same time")
    func concurrentImports() async throws {
        let house = try House()
        let count = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask {
                    var changes = KeyChanges()
                    changes.name = "key \(number)"
                    do {
                        _ = try house.registry.importKey(
                            changes,
                            .plaintext("sk-elsewhere"),
                            by: house.administrator
                        )
                        return true
                    } catch RegistryError.secretTaken {
                        return false
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(count == 1)
    }

    private func named(_ name: String) -> KeyChanges {
        var changes = KeyChanges()
        changes.name = name
        return changes
    }

    // MARK: What is recorded

    @Test("is on record with who, what and which fields, never with a value")
    func actions() throws {
        let house = try House()
        let (record, _) = try house.key { changes in
            changes.name = "canary-name"
            changes.allowedModels = ["canary-model"]
        }
        var changes = KeyChanges()
        changes.description = "canary-description"
        changes.status = .disabled
        _ = try house.registry.update(record.id, version: nil, changes, by: house.administrator)
        try house.setStatus(.enabled, of: record.id)
        try house.setStatus(.enabled, of: record.id)
        try house.setStatus(.disabled, of: record.id)
        let rotated = try house.registry.rotate(record.id, grace: 9, by: house.administrator)
        _ = try house.registry.delete(record.id, by: house.administrator)
        let recorded = house.actions.all
        #expect(
            recorded.map(\.name) == [
                "key.created", "key.updated", "key.enabled", "key.disabled", "key.rotated",
                "key.deleted",
            ]
        )
        #expect(recorded.allSatisfy { $0.actor == house.administrator.keyID })
        #expect(recorded.allSatisfy { $0.target == "\(record.id)" })
        #expect(recorded[0].fields == ["name", "allowed_models"])
        #expect(recorded[1].fields == ["description", "status"])
        #expect(recorded[4].fields == ["api_key", "previous_key_valid_until"])
        #expect(!"\(recorded)".contains("canary") && !"\(recorded)".contains(rotated.secret))
    }

    @Test("says so when something was done but could not be recorded")
    func unrecorded() throws {
        let house = try House()
        let id = try house.key().record.id
        house.actions.breaks(true)
        #expect(throws: RegistryError.unrecorded) { try house.setStatus(.revoked, of: id) }
        #expect(try house.registry.key(id).status == .revoked)
    }
}
