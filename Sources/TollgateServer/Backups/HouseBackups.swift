internal import TollgateEngine
internal import TollgateStore

/// Makes backups of a store, and of the pepper when it is in its file.
struct HouseBackups: BackupSource {
    let store: Store
    /// The pepper's file; nil when the pepper comes from outside.
    let pepperFile: String?

    func beginBackup(includesPepper: Bool) throws(StorageError) -> any BackupStream {
        if includesPepper, pepperFile == nil {
            throw StorageError(.unusable, "the pepper is not kept in a file")
        }
        return try store.beginBackup(pepperFile: includesPepper ? pepperFile : nil)
    }
}
