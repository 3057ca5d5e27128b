internal import TollgateCore

/// The key whose entries of a list are asked for.
enum AskedKey: Equatable {
    /// Those of all keys.
    case any
    case one(KeyID)
    /// An id that no key of ours can have: those of another server, of which nothing is here.
    case unknown

    /// The key that a caller names; nil for any.
    init(_ text: String?) {
        guard let text else {
            self = .any
            return
        }
        self = KeyID(text).map { .one($0) } ?? .unknown
    }

    /// The key; nil for any, and for what is none.
    var id: KeyID? {
        if case .one(let id) = self { return id }
        return nil
    }
}
