internal import Synchronization
internal import TollgateEngine

/// Writes what administrators change, and counts how many times it did, ever.
///
/// The count is in the same write as the change, so that a database which has lost one shows it.
final class ChangeCounter: Sendable {
    private static let key = Array("changes".utf8)

    private let database: Database
    private let written: Mutex<UInt64>

    /// Finds the count of a database.
    init(_ database: Database) throws(StorageError) {
        self.database = database
        written = Mutex(try ChangeCounter.count(in: database))
    }

    /// Finds the count again in a database that was opened again: a change that failed may be there
    /// all the same.
    func reload() throws(StorageError) {
        try written.withLock { written throws(StorageError) in
            written = try ChangeCounter.count(in: database)
        }
    }

    private static func count(in database: Database) throws(StorageError) -> UInt64 {
        guard let value = try database.value(of: key.span, in: .main) else { return 0 }
        var reader = ByteReader(value.bytes, "the count of changes")
        return try reader.number()
    }

    /// How many changes were written; durable.
    var count: UInt64 { written.withLock { $0 } }

    /// Writes a change, durably and as one.
    ///
    /// - Throws: when it is not known whether it was written.
    func write(_ batch: inout WriteBatch) throws(StorageError) {
        // Batches are written one after another, so that the count grows with them.
        try written.withLock { written throws(StorageError) in
            var count = ByteWriter()
            count.append(written &+ 1)
            batch.put(ChangeCounter.key.span, count.span, in: .main)
            try database.write(batch, .synced)
            written &+= 1
        }
    }
}
