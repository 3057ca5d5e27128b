internal import Glibc

/// A directory in memory that exists only while the database is being opened.
///
/// RocksDB insists on a diary (its file `LOG`), and a build with assertions (Debian's is one) aborts
/// the process when the diary cannot be written, a full disk being enough. So it is opened in here,
/// away from the data's disk, and removed at once: RocksDB goes on writing to a file without a name,
/// what little it is asked to write. What goes wrong is told by the calls themselves.
struct FleetingDirectory: ~Copyable {
    /// Where it is; nil when there was no place for it.
    let path: String?

    /// Makes the directory, for its owner alone.
    init() {
        for parent in ["/dev/shm", "/tmp"] {
            var template = Array("\(parent)/tollgate-XXXXXX".utf8CString)
            if mkdtemp(&template) != nil {
                path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
                return
            }
        }
        path = nil
    }

    deinit {
        guard let path else { return }
        if let entries = opendir(path) {
            while let entry = readdir(entries) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { name in
                    String(decoding: name.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != "." && name != ".." { unlink("\(path)/\(name)") }
            }
            closedir(entries)
        }
        rmdir(path)
    }
}
