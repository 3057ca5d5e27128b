internal import TollgateCore
internal import TollgateCrypto

/// Encrypts and decrypts the credentials of suppliers; see decision 15.
struct SupplierVault: Sendable {
    let box: SecretBox

    /// Encrypts a credential for a record as it is now.
    ///
    /// - Throws: `.unavailable` when it cannot be done.
    func seal(
        _ value: String,
        _ form: CredentialForm,
        for record: SupplierRecord
    ) throws(RegistryError) -> SealedCredential {
        do {
            return SealedCredential(
                form: form,
                box: try box.seal(Array(value.utf8), context: SupplierVault.context(of: record))
            )
        } catch {
            throw .unavailable
        }
    }

    /// A record's credential in clear text; nil when it has none, or it cannot be read.
    ///
    /// - Throws: `.unavailable` when it is not known which.
    func credential(of record: SupplierRecord) throws(RegistryError) -> String? {
        guard let credential = record.credential else { return nil }
        do {
            return try box.open(credential.box, context: SupplierVault.context(of: record))
                .map { String(decoding: $0, as: UTF8.self) }
        } catch {
            throw .unavailable
        }
    }

    /// A box cannot be moved to another supplier, nor an old one be put back.
    private static func context(of record: SupplierRecord) -> [UInt8] {
        Array("supplier \(record.name) \(record.version)".utf8)
    }
}

extension SupplierRecord {
    /// Whether requests go to the same scheme, host and port as another's, under the same name.
    func isAtSamePlace(as other: SupplierRecord) -> Bool {
        SupplierRecord.origin(baseURL) == SupplierRecord.origin(other.baseURL)
            && hostHeader?.lowercased() == other.hostHeader?.lowercased()
    }

    private static func origin(_ url: String) -> String {
        url.lowercased().split(separator: "/", omittingEmptySubsequences: false).prefix(3)
            .joined(separator: "/")
    }
}
