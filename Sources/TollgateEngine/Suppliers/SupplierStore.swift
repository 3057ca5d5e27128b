package import TollgateCore

/// Where suppliers are kept, their credentials encrypted.
///
/// Implemented by the store. Methods may be called from any thread and wait for local storage.
package protocol SupplierStore: AnyObject, Sendable {
    /// All of them, in ascending order of the bytes of their names.
    ///
    /// - Throws: when they cannot be read; damage is never taken for the end.
    func storedSuppliers() throws(StorageError) -> [SupplierRecord]

    /// Writes these over those of the same names, all or nothing and durably.
    ///
    /// - Throws: when they are not known to be written.
    func save(_ suppliers: [SupplierRecord]) throws(StorageError)

    /// Forgets one, durably.
    ///
    /// - Throws: when it is not known to be gone.
    func removeSupplier(_ name: String) throws(StorageError)
}
