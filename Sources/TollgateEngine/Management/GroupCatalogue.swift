package import TollgateCore

/// Where the records of organisations, teams and users are kept for good.
///
/// Implemented by the store. Methods may be called from any thread and wait for nothing but local
/// storage; `group` is called on event loops, when a key comes into memory.
package protocol GroupCatalogue: AnyObject, Sendable {
    /// The record of a group; nil when there is none.
    func group(_ id: GroupID) throws(StorageError) -> GroupRecord?

    /// Writes a record over the one that was there, durably.
    ///
    /// - Throws: when it is not known to be written.
    func save(_ record: GroupRecord) throws(StorageError)

    /// Records of one kind in ascending order of the bytes of their names.
    ///
    /// - Parameters:
    ///   - kind: which.
    ///   - cursor: only records behind the one of this name.
    ///   - limit: how many at most.
    ///   - scanLimit: how many to look at before giving up with a cursor to go on from.
    ///   - isWanted: which to return.
    /// - Returns: the records, and from where to go on.
    /// - Throws: when the records cannot be read; damage is never taken for the end.
    func groups(
        _ kind: GroupKind,
        after cursor: String?,
        limit: Int,
        scanLimit: Int,
        where isWanted: (GroupRecord) -> Bool
    ) throws(StorageError) -> GroupPage
}

/// One page of a list of groups.
package struct GroupPage: Sendable {
    package let records: [GroupRecord]
    /// From where to go on; nil at the end of the list.
    package let next: String?

    package init(records: [GroupRecord], next: String?) {
        self.records = records
        self.next = next
    }
}
