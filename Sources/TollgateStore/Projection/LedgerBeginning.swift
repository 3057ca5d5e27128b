internal import TollgateCore
internal import TollgateEngine

/// What a start has folded and the database does not have yet.
struct LedgerBeginning: Sendable {
    /// That of the snapshot that will be written.
    let head: LedgerHead
    /// Every subject that has changed since the last snapshot, and others.
    let table: CounterTable
    /// Whether the log of holds has all of its rows.
    var isLogThere = true

    init(_ head: LedgerHead, _ table: CounterTable) {
        self.head = head
        self.table = table
    }
}
