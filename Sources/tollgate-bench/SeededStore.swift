internal import Foundation
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateStore

/// A data directory as a server leaves it, filled with keys without asking a server.
enum SeededStore {
    /// The secrets that the questions present.
    struct Secrets {
        /// One of the keys.
        let good: String
        /// None of the keys, but written like one.
        let unknown: String
    }

    /// A model that every key may use.
    static let allowedModel = "gpt-4o-mini"

    /// A model that no key may use.
    static let otherModel = "claude-opus-4"

    /// What a key takes on the disk at most, in bytes, while the store is made.
    private static let keySize = 2048

    /// Makes a data directory, which must not exist.
    static func make(at directory: URL, keyCount: Int) throws -> Secrets {
        try inMemory(for: keyCount, then: directory) { directory in
            let digester = try prepare(directory)
            let store = try Store(directory: directory.path, options: StoreOptions())
            defer { store.close() }
            let good = secret()
            for index in 0..<keyCount {
                let secret = index == keyCount / 2 ? good : secret()
                try store.save(record(index, secret, digester), replacing: nil)
            }
            return Secrets(good: text(good), unknown: text(secret()))
        }
    }

    /// Fills a directory in memory, if there is room for so many keys, and copies it to its place.
    ///
    /// The store waits for the disk after every key, which takes no time where there is no disk.
    static func inMemory<Value>(
        for keyCount: Int,
        then directory: URL,
        fill: (URL) throws -> Value
    ) throws -> Value {
        guard let memory = memoryDirectory(for: keyCount) else { return try fill(directory) }
        defer { try? FileManager.default.removeItem(at: memory) }
        let value = try fill(memory)
        try FileManager.default.copyItem(at: memory, to: directory)
        return value
    }

    /// Makes the directory and its pepper.
    static func prepare(_ directory: URL) throws -> SecretDigester {
        try FileManager.default.createDirectory(
            at: directory,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let pepper = try PepperFile.loadOrCreate(at: directory.appending(path: "pepper").path)
        return try SecretDigester(pepper)
    }

    /// A directory in memory with room for so many keys; nil when there is none.
    private static func memoryDirectory(for keyCount: Int) -> URL? {
        let root = "/dev/shm"
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: root)
        let free = (attributes?[.systemFreeSize] as? NSNumber)?.intValue ?? 0
        guard free > keyCount * keySize, FileManager.default.isWritableFile(atPath: root) else {
            return nil
        }
        return URL(filePath: root).appending(path: "tollgate-\(UUID().uuidString)")
    }

    /// A key as teams have them: some models, one region, one provider.
    static func record(
        _ index: Int,
        _ secret: [UInt8],
        _ digester: SecretDigester
    ) -> KeyRecord {
        let now = SystemTime().now().wall
        var record = KeyRecord(
            id: KeyID(time: now, entropy: .random(in: 0 ... .max)),
            name: "bench-\(index)",
            createdAt: now
        )
        record.group = "team-\(index % 100)"
        record.models.allowed = ["gpt-4.1", "gpt-4o*", "o4-mini"]
        record.models.denied = ["*-preview"]
        record.regions.allowed = ["EU", "US"]
        record.secrets = [
            StoredSecret(
                digest: digester.digest(of: secret.span),
                masked: KeySecret.masked(secret.span),
                createdAt: now
            )
        ]
        return record
    }

    /// A new secret.
    static func secret() -> [UInt8] {
        KeySecret.issue(
            environment: "live",
            entropy: (.random(in: 0 ... .max), .random(in: 0 ... .max))
        )
    }

    private static func text(_ secret: [UInt8]) -> String {
        String(decoding: secret, as: UTF8.self)
    }
}
