package import TollgateCore
internal import TollgateCrypto

/// A secret that clients already have, as its owner hands it over.
package enum ImportedSecret: Sendable {
    /// The secret itself, which is not kept.
    case plaintext(String)
    /// Its SHA-256, in 64 hexadecimal digits.
    case sha256(String)
}

/// Keys that were issued elsewhere, so that a team can move in without reissuing.
extension KeyRegistry {
    /// Creates a key for a secret that is already in use.
    ///
    /// - Parameters:
    ///   - changes: what it is to be; a name is required.
    ///   - secret: by what it is found.
    ///   - creator: who imports it.
    /// - Returns: the record.
    /// - Throws: `.secretTaken` when the secret is another key's; what `create` throws.
    package func importKey(
        _ changes: KeyChanges,
        _ secret: ImportedSecret,
        by creator: Principal
    ) throws(RegistryError) -> KeyRecord {
        _ = try changes.checkedEnvironment()
        switch secret {
        case .plaintext(let text):
            let bytes = try KeyRegistry.foreignSecret(text, "api_key")
            let hashed = engine.digester.digest(ofHash: SHA256.digest(of: bytes.span))
            let stored = stored(bytes)
            return try insert(changes, stored, by: creator) { () throws(RegistryError) in
                try requireUnknown(stored.digest, "api_key")
                try requireUnknown(hashed, "api_key")
            }
        case .sha256(let text):
            guard let hash = KeyRegistry.hash(text) else {
                throw .invalid(field: "sha256", "must be 64 hexadecimal digits")
            }
            let digest = engine.digester.digest(ofHash: hash)
            let stored = StoredSecret(
                digest: digest,
                masked: "sha256:…" + text.suffix(4).lowercased(),
                createdAt: now,
                isHashed: true
            )
            return try insert(changes, stored, by: creator) { () throws(RegistryError) in
                try requireUnknown(digest, "sha256")
            }
        }
    }

    /// Records that keys were imported, each of which is on record as created.
    package func noteImport(of count: Int, by creator: Principal) throws(RegistryError) {
        try note("keys.imported", by: creator.keyID, on: "\(count)")
    }

    private func requireUnknown(
        _ digest: KeyDigest,
        _ field: String
    ) throws(RegistryError) {
        let known = try storage { () throws(StorageError) in
            try engine.catalogue.record(forDigest: digest)
        }
        if known != nil { throw .secretTaken(field: field) }
    }

    private static func hash(_ text: String) -> SHA256.Digest? {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for place in stride(from: 0, to: 64, by: 2) {
            guard
                let high = Text.hexDigit(digits[place]), let low = Text.hexDigit(digits[place + 1])
            else { return nil }
            bytes.append(UInt8(high) << 4 | UInt8(low))
        }
        return SHA256.Digest(bytes: bytes.span)
    }
}
