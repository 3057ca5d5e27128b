package import TollgateCore

/// Where the models are kept that an administrator has set.
///
/// Implemented by the store. Methods may be called from any thread and wait for local storage.
package protocol ModelStore: AnyObject, Sendable {
    /// Everything that was set, one for each id, in ascending order of their names.
    ///
    /// - Throws: when it cannot be read; damage is never taken for the end.
    func storedModels() throws(StorageError) -> [StoredModel]

    /// Writes these over what was said of the same ids, capitals or not, all or nothing and durably.
    ///
    /// - Throws: when they are not known to be written.
    func save(_ models: [StoredModel]) throws(StorageError)
}
