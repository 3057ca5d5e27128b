internal import Foundation
internal import Testing
internal import TollgateCore
internal import TollgateCrypto

/// A directory of its own for each test, removed behind it.
@Suite("The pepper's file")
final class PepperFileTests {
    private let folder: String
    private var path: String { folder + "/pepper" }

    init() throws {
        folder = NSTemporaryDirectory() + "tollgate-pepper-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func trace(_ pepper: consuming Pepper) throws -> KeyDigest {
        try SecretDigester(pepper).digest([1, 2, 3])
    }

    private func write(_ bytes: [UInt8], mode: Int = 0o600) throws {
        try Data(bytes).write(to: URL(filePath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// The message with which the file is refused; it must not be touched by that.
    private func refusal() throws -> String {
        let before = try? Data(contentsOf: URL(filePath: path))
        let error = #expect(throws: CryptoError.self) {
            _ = try PepperFile.loadOrCreate(at: path)
        }
        #expect(error?.code == .pepper)
        let after = try? Data(contentsOf: URL(filePath: path))
        #expect(before == after)
        return try #require(error).message.replacing(path, with: "FILE")
    }

    @Test("It is made once, for its owner alone, and read from then on")
    func creation() throws {
        let made = try trace(PepperFile.loadOrCreate(at: path))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        #expect(attributes[.size] as? Int == 32)
        #expect(try trace(PepperFile.loadOrCreate(at: path)) == made)
        #expect(try trace(PepperFile.load(at: path)) == made)
        // No draft is left beside it.
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["pepper"])
    }

    @Test("Many that start at once agree on one pepper")
    func race() async throws {
        let path = path
        let traces = try await withThrowingTaskGroup(of: KeyDigest.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    try SecretDigester(PepperFile.loadOrCreate(at: path)).digest([1])
                }
            }
            return try await group.reduce(into: Set<KeyDigest>()) { $0.insert($1) }
        }
        #expect(traces.count == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["pepper"])
    }

    @Test("The bytes of the file are the pepper")
    func content() throws {
        let bytes = (0..<32).map { UInt8($0) }
        try write(bytes, mode: 0o400)
        #expect(try trace(PepperFile.load(at: path)) == trace(Pepper(bytes)))
    }

    @Test(
        "A file that others may read, write or run is refused",
        arguments: [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777]
    )
    func modes(_ mode: Int) throws {
        try write([UInt8](repeating: 1, count: 32), mode: mode)
        let octal = String(mode, radix: 8)
        #expect(
            try refusal()
                == "pepper file FILE is open to others (mode \(octal)): chmod it to 600"
        )
    }

    @Test("A file of another size is refused", arguments: [0, 31, 33, 64, 100_000])
    func sizes(_ size: Int) throws {
        try write([UInt8](repeating: 1, count: size))
        #expect(try refusal() == "pepper file FILE has \(size) bytes instead of 32")
    }

    @Test("A symbolic link is refused, even to a good file")
    func links() throws {
        try write([UInt8](repeating: 1, count: 32))
        try FileManager.default.moveItem(atPath: path, toPath: folder + "/elsewhere")
        try FileManager.default.createSymbolicLink(
            atPath: path,
            withDestinationPath: folder + "/elsewhere"
        )
        #expect(try refusal() == "pepper file FILE is a symbolic link")
    }

    @Test("A link that leads nowhere is not followed to make a file there")
    func danglingLink() throws {
        try FileManager.default.createSymbolicLink(
            atPath: path,
            withDestinationPath: folder + "/elsewhere"
        )
        #expect(try refusal() == "pepper file FILE is a symbolic link")
        #expect(!FileManager.default.fileExists(atPath: folder + "/elsewhere"))
    }

    @Test("A directory or a pipe is refused, without waiting for a writer")
    func otherKinds() throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        #expect(try refusal() == "pepper file FILE is not a regular file")
        try FileManager.default.removeItem(atPath: path)
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: CryptoError.self) { _ = try PepperFile.load(at: path) }
        #expect(error?.message == "pepper file \(path) is not a regular file")
    }

    @Test("Where there is no directory, the error says so and names the file")
    func missingDirectory() throws {
        let path = folder + "/missing/pepper"
        #expect(throws: CryptoError.self) { _ = try PepperFile.load(at: path) }
        let error = #expect(throws: CryptoError.self) { _ = try PepperFile.loadOrCreate(at: path) }
        let message = try #require(error).message
        #expect(message.hasPrefix("cannot create \(path)"))
        #expect(message.hasSuffix(": No such file or directory"))
    }
}
