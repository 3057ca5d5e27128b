package import TollgateCore

extension KeyRecord {
    /// A record that restricts nothing, to be changed where a test needs it.
    ///
    /// - Parameters:
    ///   - number: tells records apart; the id follows from it and grows with it.
    ///   - digests: those of its live secrets, the newest first.
    ///   - createdAt: when it was made.
    ///   - edit: what is different about it.
    /// - Returns: the record.
    package static func sample(
        _ number: UInt64 = 1,
        digests: [KeyDigest] = [],
        createdAt: WallTime = WallTime(milliseconds: 1_700_000_000_000),
        _ edit: (inout KeyRecord) -> Void = { _ in }
    ) -> KeyRecord {
        var record = KeyRecord(
            id: KeyID(time: createdAt, entropy: UInt128(number)),
            name: "key \(number)",
            createdAt: createdAt
        )
        record.secrets = digests.map { digest in
            StoredSecret(digest: digest, masked: "…", createdAt: createdAt)
        }
        edit(&record)
        return record
    }
}
