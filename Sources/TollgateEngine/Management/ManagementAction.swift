package import TollgateCore

/// Something that an administrator has done, as the audit trail keeps it.
///
/// It says what was changed, never to what: values may be secret, names of fields are not.
package struct ManagementAction: Equatable, Sendable {
    /// What was done, in the words of webhook events: `key.created`, `team.updated`, `keys.imported`.
    package var name: String
    /// Whose key did it; nil for the server itself.
    package var actor: KeyID?
    /// To what: a key's id, a group's or supplier's name, empty for none.
    package var target: String
    /// The fields that are different, as the API names them.
    package var fields: [String]

    package init(_ name: String, by actor: KeyID?, on target: String, fields: [String] = []) {
        self.name = name
        self.actor = actor
        self.target = target
        self.fields = fields
    }

    /// The longest target that is kept, in bytes; a longer one is cut.
    package static let targetLimit = 256
    /// The most fields that are named.
    package static let fieldLimit = 64
}

/// Where the actions of administrators are recorded.
///
/// Methods may be called from any thread but event loops, and wait for local storage.
package protocol ActionLog: AnyObject, Sendable {
    /// Makes sure, before an action is carried out, that it can be recorded afterwards.
    ///
    /// Nothing is done that nobody would know of: an answer that is lost because the record of it
    /// fails may hold the only copy of a secret.
    ///
    /// - Throws: when nothing can be recorded now.
    func prepare() throws(StorageError)

    /// Records an action that has been carried out.
    ///
    /// - Throws: when it is not known to be recorded; the caller then tells so.
    func record(_ action: ManagementAction) throws(StorageError)
}
