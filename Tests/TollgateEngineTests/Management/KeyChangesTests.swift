internal import Testing
internal import TollgateCore
internal import TollgateEngine
internal import TollgateTesting

/// A change that cannot be, and the field that the caller must be told.
struct BadChange: Sendable, CustomTestStringConvertible {
    let field: String
    let edit: @Sendable (inout KeyChanges) -> Void

    init(_ field: String, _ edit: @escaping @Sendable (inout KeyChanges) -> Void) {
        self.field = field
        self.edit = edit
    }

    var testDescription: String { field }
}

@Suite("Changes of a key")
struct KeyChangesTests {
    @Test(
        "that cannot be are refused with the exact field, and change nothing",
        arguments: badChanges
    )
    func refusals(_ bad: BadChange) throws {
        let house = try House()
        let record = try house.key().record
        var changes = KeyChanges()
        bad.edit(&changes)
        let error = #expect(throws: RegistryError.self) {
            try house.registry.update(record.id, version: nil, changes, by: house.administrator)
        }
        #expect(field(of: error) == bad.field)
        #expect(try house.registry.key(record.id) == record)
        changes.name = changes.name ?? "new"
        let second = #expect(throws: RegistryError.self) {
            try house.registry.create(changes, by: house.administrator)
        }
        #expect(field(of: second) == bad.field)
    }

    @Test("up to every limit are taken", arguments: [1, 2])
    func limits(_ bytesPerCharacter: Int) throws {
        let house = try House()
        func text(_ bytes: Int) -> String {
            String(repeating: bytesPerCharacter == 2 ? "é" : "x", count: bytes / bytesPerCharacter)
        }
        let metadata = (0..<64).map { ("\($0 + 100)" + text(60), text(512)) }
        let record = try house.key { changes in
            changes.name = text(200)
            changes.description = text(2000)
            changes.group = text(100)
            changes.metadata = Dictionary(uniqueKeysWithValues: metadata)
            changes.allowedModels = [String](repeating: text(256), count: 1000)
            changes.ipAllowlist = IPAllowlist(
                isEnabled: true,
                addresses: [String](repeating: "::1", count: 1000)
            )
        }.record
        #expect(record.name.utf8.count == 200)
        #expect(record.metadata.count == 64)
        #expect(record.models.allowed.count == 1000)
    }

    @Test("of every kind arrive where they belong")
    func everyField() throws {
        let house = try House()
        let end = WallTime(milliseconds: house.time.now().wall.milliseconds + 1)
        let record = try house.key { changes in
            changes.name = "n"
            changes.description = "two\nlines"
            changes.group = "g"
            changes.metadata = ["k": "v"]
            changes.status = .disabled
            changes.expiresAt = .some(end)
            changes.allowedModels = ["am"]
            changes.deniedModels = ["dm"]
            changes.allowedProviders = ["ap"]
            changes.deniedProviders = ["dp"]
            changes.allowedSuppliers = ["as"]
            changes.deniedSuppliers = ["ds"]
            changes.allowedRegions = ["ar"]
            changes.deniedRegions = ["dr"]
            changes.allowedActions = ["aa"]
            changes.deniedActions = ["da"]
            changes.ipAllowlist = IPAllowlist(isEnabled: true, addresses: ["10.0.0.1"])
            changes.permissions = .manageBilling
        }.record
        #expect(record.name == "n")
        #expect(record.description == "two\nlines")
        #expect(record.group == "g")
        #expect(record.metadata == ["k": "v"])
        #expect(record.status == .disabled)
        #expect(record.expiresAt == end)
        #expect(record.models == NameLists(allowed: ["am"], denied: ["dm"]))
        #expect(record.providers == NameLists(allowed: ["ap"], denied: ["dp"]))
        #expect(record.suppliers == NameLists(allowed: ["as"], denied: ["ds"]))
        #expect(record.regions == NameLists(allowed: ["ar"], denied: ["dr"]))
        #expect(record.actions == NameLists(allowed: ["aa"], denied: ["da"]))
        #expect(record.ipAllowlist == IPAllowlist(isEnabled: true, addresses: ["10.0.0.1"]))
        #expect(record.permissions == .manageBilling)
    }

    @Test("of the end: not in the past, and gone again when it is taken away")
    func expiry() throws {
        let house = try House()
        let now = house.time.now().wall
        let id = try house.key { $0.expiresAt = WallTime(milliseconds: now.milliseconds + 1) }
            .record.id
        var changes = KeyChanges()
        changes.expiresAt = .some(now)
        #expect(throws: RegistryError.invalid(field: "expires_at", "must be in the future")) {
            try house.registry.update(id, version: nil, changes, by: house.administrator)
        }
        changes.expiresAt = .some(nil)
        let record = try house.registry.update(id, version: nil, changes, by: house.administrator)
        #expect(record.expiresAt == nil)
    }

    @Test("may be made to a key whose end has come")
    func expiredKey() throws {
        let house = try House()
        let now = house.time.now().wall
        let id = try house.key { $0.expiresAt = WallTime(milliseconds: now.milliseconds + 1) }
            .record.id
        house.time.advance(milliseconds: 5)
        var changes = KeyChanges()
        changes.name = "renamed"
        let record = try house.registry.update(id, version: nil, changes, by: house.administrator)
        #expect(record.name == "renamed")
    }

    private static let badChanges: [BadChange] = [
        BadChange("name") { $0.name = "" },
        BadChange("name") { $0.name = String(repeating: "x", count: 201) },
        BadChange("name") { $0.name = "a\tb" },
        BadChange("description") { $0.description = String(repeating: "x", count: 2001) },
        BadChange("description") { $0.description = "a\0b" },
        BadChange("group") { $0.group = String(repeating: "x", count: 101) },
        BadChange("group") { $0.group = "a\nb" },
        BadChange("metadata") { changes in
            changes.metadata = Dictionary(uniqueKeysWithValues: (0..<65).map { ("\($0)", "v") })
        },
        BadChange("metadata") { $0.metadata = [String(repeating: "k", count: 65): "v"] },
        BadChange("metadata") { $0.metadata = ["k\0": "v"] },
        BadChange("metadata.team") { $0.metadata = ["team": String(repeating: "v", count: 513)] },
        BadChange("metadata.team") { $0.metadata = ["team": "\0"] },
        BadChange("expires_at") { $0.expiresAt = .some(WallTime(milliseconds: 0)) },
        BadChange("allowed_models[1]") { $0.allowedModels = ["a", "", ""] },
        BadChange("denied_models[0]") { $0.deniedModels = ["\u{7F}"] },
        BadChange("allowed_providers[0]") { $0.allowedProviders = [""] },
        BadChange("denied_providers[0]") { $0.deniedProviders = [""] },
        BadChange("allowed_suppliers[0]") { $0.allowedSuppliers = [""] },
        BadChange("denied_suppliers[0]") { $0.deniedSuppliers = [""] },
        BadChange("allowed_regions[0]") { $0.allowedRegions = [""] },
        BadChange("denied_regions[2]") { $0.deniedRegions = ["a", "b", "c\n"] },
        BadChange("allowed_actions[0]") { $0.allowedActions = [""] },
        BadChange("denied_actions[0]") { $0.deniedActions = [String(repeating: "x", count: 257)] },
        BadChange("allowed_models") { $0.allowedModels = [String](repeating: "a", count: 1001) },
        BadChange("denied_regions") { $0.deniedRegions = [String](repeating: "a", count: 1001) },
        BadChange("ip_allowlist.addresses[1]") {
            $0.ipAllowlist = IPAllowlist(isEnabled: true, addresses: ["10.0.0.1", "10.0.0.256"])
        },
        BadChange("ip_allowlist.addresses[0]") {
            $0.ipAllowlist = IPAllowlist(isEnabled: false, addresses: ["fe80::1%eth0"])
        },
        BadChange("ip_allowlist.addresses") {
            $0.ipAllowlist = IPAllowlist(addresses: [String](repeating: "::1", count: 1001))
        },
        BadChange("status") { $0.status = .expired },
        BadChange("environment") { $0.environment = "Not One" },
    ]

    private func field(of error: RegistryError?) -> String? {
        if case .invalid(let field, _) = error { return field }
        return nil
    }
}
