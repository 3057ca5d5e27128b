import Foundation
import Testing
import TollgateCore
import TollgateEngine
import TollgateStore

@testable import TollgateServer

@Suite("A data directory without a server")
struct OfflineStoreTests {
    private let fixture: HouseFixture
    private let checkpoints: String

    init() throws {
        fixture = try HouseFixture()
        checkpoints = fixture.scratch.path("checkpoints.jsonl")
    }

    /// Runs a house for a moment, in which somebody does something.
    private func run(_ name: String) throws {
        try fixture.withHouse(["audit-checkpoints": checkpoints]) { house in
            let steward = AuditSteward(house)
            try house.engine.record(ManagementAction(name, by: nil, on: "key_1"))
            try house.store.seal()
            steward.stop()
        }
    }

    private var store: OfflineStore { OfflineStore(directory: fixture.data) }

    @Test("is proved to be as it was recorded, by itself and by signed checkpoints")
    func sound() throws {
        for name in ["key.created", "key.updated"] { try run(name) }
        #expect(try store.verify(checkpoints: nil, publicKey: nil).problems == [])
        let report = try store.verify(checkpoints: checkpoints, publicKey: nil)
        #expect(report.problems == [])
        #expect(report.facts.contains("decisions in them: 0; management actions: 2"))
        let text = try String(contentsOfFile: checkpoints, encoding: .utf8)
        let lines = text.split(separator: "\n")
        #expect(lines.count >= 2)
        let signed = try #require(lines.last.flatMap { SignedCheckpoint(Array($0.utf8)) })
        #expect(signed.isGenuine)
        #expect(signed.checkpoint.sealed == 2)
        let key = SignedCheckpoint.digits(signed.publicKey)
        #expect(try store.verify(checkpoints: checkpoints, publicKey: key).problems == [])
    }

    @Test("is found out when its end is gone, or its checkpoints were edited")
    func truncated() throws {
        try run("key.created")
        let old = fixture.scratch.path("old")
        try FileManager.default.copyItem(atPath: fixture.data, toPath: old)
        try run("key.updated")
        // Yesterday's directory in the place of today's.
        let report = try OfflineStore(directory: old).verify(
            checkpoints: checkpoints,
            publicKey: nil
        )
        #expect(report.problems.contains { $0.contains("were removed") })
        #expect(report.problems.contains { $0.contains("the store ends at position 1") })

        let text = try String(contentsOfFile: checkpoints, encoding: .utf8)
        try text.replacing(#""sealed":2"#, with: #""sealed":1"#)
            .write(toFile: checkpoints, atomically: true, encoding: .utf8)
        let edited = try store.verify(checkpoints: checkpoints, publicKey: nil)
        #expect(edited.problems.contains { $0.hasSuffix("is not signed by this server's key") })
    }

    /// The lines of the file of checkpoints.
    private func lines() throws -> [String] {
        try String(contentsOfFile: checkpoints, encoding: .utf8)
            .split(separator: "\n", omittingEmptySubsequences: false).map { String($0) }
    }

    @Test("A checkpoint that was only begun is gone with the next start, and spoils no other")
    func begun() throws {
        try run("key.created")
        let before = try lines()
        for part in ["{\"time", #"{"time":"20"#, String((before.first ?? "").dropLast(2))] {
            try append(part)
            #expect(try !store.verify(checkpoints: checkpoints, publicKey: nil).problems.isEmpty)
            try run("key.updated")
            #expect(try store.verify(checkpoints: checkpoints, publicKey: nil).problems == [])
        }
        let after = try lines()
        #expect(after.starts(with: before.dropLast()))
        #expect(after.dropLast().allSatisfy { SignedCheckpoint(Array($0.utf8)) != nil })
        #expect(after.last == "")
    }

    @Test(
        "What else a file of checkpoints ends with stays, on a line of its own",
        arguments: [
            "host other[1]: {\"a", "{\"message", "nothing of ours",
            #"{"time":"20","level":"info"}"#,
        ]
    )
    func ofOthers(end: String) throws {
        try run("key.created")
        try append(end)
        try run("key.updated")
        let lines = try lines()
        #expect(lines.contains(end))
        #expect(lines.last == "")
        let own = lines.dropLast().filter { $0 != end }
        #expect(own.count >= 2)
        #expect(own.allSatisfy { SignedCheckpoint(Array($0.utf8)) != nil })
    }

    @Test("A whole checkpoint without a line break stays")
    func withoutBreak() throws {
        try run("key.created")
        let before = try lines()
        try before.dropLast().joined(separator: "\n")
            .write(toFile: checkpoints, atomically: true, encoding: .utf8)
        try run("key.updated")
        #expect(try lines().starts(with: before.dropLast()))
        #expect(try store.verify(checkpoints: checkpoints, publicKey: nil).problems == [])
    }

    /// Appends to the file of checkpoints.
    private func append(_ text: String) throws {
        let file = try FileHandle(forWritingTo: URL(filePath: checkpoints))
        try file.seekToEnd()
        try file.write(contentsOf: Data(text.utf8))
        try file.close()
    }

    @Test("is told apart from one that is in use, and from none at all")
    func refusals() throws {
        #expect(throws: ServerError.self) { try store.verify(checkpoints: nil, publicKey: nil) }
        try fixture.withHouse { _ in
            _ = #expect(throws: ServerError.self) {
                try store.verify(checkpoints: nil, publicKey: nil)
            }
        }
        #expect(throws: ServerError.self) {
            try store.verify(checkpoints: "/nowhere", publicKey: "00")
        }
    }
}
