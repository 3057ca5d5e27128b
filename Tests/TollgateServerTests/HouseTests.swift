import Foundation
import Testing
import TollgateCore
import TollgateEngine
import TollgateGateway

@testable import TollgateServer

@Suite("A house")
struct HouseTests {
    private static let pepper = String(repeating: "5a", count: 32)
    private static let adminKey = "the-operators-own-secret"
    private let everyone = Principal(keyID: KeyID(rawValue: 1), permissions: .all)

    // MARK: Opening and closing

    @Test("What was recorded is there when the house opens again")
    func reopening() throws {
        let fixture = try HouseFixture()
        let (id, secret) = try fixture.withHouse { (house) throws in
            var changes = KeyChanges()
            changes.name = "kept"
            let (record, secret) = try house.registry.create(changes, by: nil)
            #expect(house.health.status == .notServing, "it serves only when it listens")
            return (record.id, secret)
        }
        try fixture.withHouse { (house) throws in
            #expect(try house.registry.key(id).name == "kept")
            #expect(try house.registry.principal(presenting: secret)?.keyID == id)
        }
    }

    @Test("A directory has one house at a time")
    func locked() throws {
        let fixture = try HouseFixture()
        try fixture.withHouse { _ in
            let refusal = try fixture.refusal()
            #expect(refusal?.hasPrefix("data directory \(fixture.data): ") == true)
            #expect(refusal?.contains("\n") == false)
        }
        try fixture.withHouse { _ in }
    }

    @Test("What the house keeps is for its owner alone")
    func modes() throws {
        let fixture = try HouseFixture()
        try fixture.withHouse { _ in }
        #expect(try fixture.scratch.mode("data") == 0o700)
        #expect(try fixture.scratch.mode("data/pepper") == 0o600)
    }

    @Test("A file in the place of the directory is refused")
    func notADirectory() throws {
        let fixture = try HouseFixture()
        try fixture.scratch.write("data", "")
        #expect(try fixture.refusal() == "data directory \(fixture.data): is not a directory")
    }

    @Test("Certificates that cannot be used are refused before anything is made")
    func badCertificate() throws {
        let fixture = try HouseFixture()
        let missing = fixture.scratch.path("missing.pem")
        let refusal = try fixture.refusal(["tls-cert": missing, "tls-key": missing])
        #expect(refusal?.contains("missing.pem") == true)
        #expect(!fixture.scratch.exists("data"))
    }

    // MARK: The pepper

    @Test("A lost pepper beside an old database is refused, and no new one is made")
    func lostPepper() throws {
        let fixture = try HouseFixture()
        try fixture.withHouse { _ in }
        try fixture.scratch.remove("data/pepper")
        let path = fixture.data + "/pepper"
        #expect(try fixture.refusal() == "pepper file \(path) does not exist")
        #expect(!fixture.scratch.exists("data/pepper"))
    }

    @Test("A pepper that is not whole is refused")
    func cutPepper() throws {
        let fixture = try HouseFixture()
        try fixture.withHouse { _ in }
        try fixture.scratch.write("data/pepper", "short")
        chmod(fixture.data + "/pepper", 0o600)
        let path = fixture.data + "/pepper"
        #expect(try fixture.refusal() == "pepper file \(path) has 5 bytes instead of 32")
    }

    @Test("A pepper that others can read is refused")
    func openPepper() throws {
        let fixture = try HouseFixture()
        try fixture.withHouse { _ in }
        chmod(fixture.data + "/pepper", 0o644)
        #expect(try fixture.refusal()?.contains("chmod it to 600") == true)
    }

    @Test("The pepper may come from outside, and then no file is made")
    func pepperFromOutside() throws {
        let fixture = try HouseFixture()
        let flags = ["pepper": Self.pepper]
        let secret = try fixture.withHouse(flags) { (house) throws in
            var changes = KeyChanges()
            changes.name = "key"
            return try house.registry.create(changes, by: nil).secret
        }
        #expect(!fixture.scratch.exists("data/pepper"))
        try fixture.withHouse(flags) { (house) throws in
            #expect(try house.registry.principal(presenting: secret) != nil)
        }
        #expect(try fixture.refusal()?.hasSuffix("does not exist") == true)
    }

    // MARK: The administrator

    @Test("The first start announces an administrator's key, later ones nothing")
    func firstAdministrator() throws {
        let fixture = try HouseFixture()
        let announced = try fixture.withHouse { (house) throws in
            let lines = try house.announcements()
            #expect(try house.announcements().isEmpty)
            return lines
        }
        #expect(announced.count == 1)
        let line = try #require(announced.first)
        #expect(line.hasPrefix("tollgate admin-key tg_live_"))
        let secret = try #require(line.split(separator: " ").last.map { String($0) })
        try fixture.withHouse { (house) throws in
            #expect(try house.announcements().isEmpty)
            let administrator = try house.registry.principal(presenting: secret)
            #expect(administrator?.permissions == .all)
        }
    }

    @Test("The operator's own key is registered once and never announced")
    func adminKey() throws {
        let fixture = try HouseFixture()
        let flags = ["admin-key": Self.adminKey]
        for _ in 0..<2 {
            try fixture.withHouse(flags) { (house) throws in
                #expect(try house.announcements().isEmpty)
                let keys = try house.registry.keys(after: nil, limit: 10, seenBy: everyone) { _ in
                    true
                }
                #expect(keys.records.count == 1)
                let administrator = try house.registry.principal(presenting: Self.adminKey)
                #expect(administrator?.permissions == .all)
            }
        }
    }

    @Test("An operator's key can be added to a store that has one")
    func secondAdministrator() throws {
        let fixture = try HouseFixture()
        _ = try fixture.withHouse { try $0.announcements() }
        try fixture.withHouse(["admin-key": Self.adminKey]) { (house) throws in
            #expect(try house.announcements().isEmpty)
            #expect(try house.registry.principal(presenting: Self.adminKey) != nil)
        }
    }

    @Test(
        "A first administrator whose key cannot be shown is not made, and the next start makes one"
    )
    func unseenAdministrator() throws {
        struct Unseen: Error {}
        let fixture = try HouseFixture()
        try fixture.withHouse { (house) throws in
            var secret = ""
            let error = #expect(throws: ServerError.self) {
                try house.createFirstAdministrator { line in
                    secret = line.split(separator: " ").last.map { String($0) } ?? ""
                    throw Unseen()
                }
            }
            #expect(secret.hasPrefix("tg_live_"))
            #expect(error?.description.contains(secret) == false)
            #expect(try house.registry.principal(presenting: secret) == nil)
        }
        let lines = try fixture.withHouse { try $0.announcements() }
        #expect(lines.first?.hasPrefix("tollgate admin-key tg_live_") == true)
    }

    // MARK: Reloading

    @Test("New models count after a reload; what cannot be read changes nothing")
    func reload() throws {
        let fixture = try HouseFixture()
        func write(_ text: String) throws -> String { try fixture.scratch.write("m.json", text) }
        let file = try write(#"{"models":[{"id":"old","provider":"p"}]}"#)
        try fixture.withHouse(["models": file]) { (house) throws in
            func models() -> [String] { house.engine.prices.models.models.map(\.id) }
            #expect(models() == ["old"])
            for bad in ["", "{", #"{"models":[{"id":"","provider":"p"}]}"#] {
                _ = try write(bad)
                house.reload()
                #expect(models() == ["old"])
            }
            try fixture.scratch.remove("m.json")
            house.reload()
            #expect(models() == ["old"])
            _ = try write(#"{"models":[{"id":"new","provider":"p"}]}"#)
            house.reload()
            #expect(models() == ["new"])
        }
    }

    @Test("Without a file of models a reload keeps the built-in ones")
    func reloadBuiltIn() throws {
        try HouseFixture().withHouse { (house) throws in
            let before = house.engine.prices.models.models.map(\.id)
            house.reload()
            #expect(house.engine.prices.models.models.map(\.id) == before)
        }
    }
}
