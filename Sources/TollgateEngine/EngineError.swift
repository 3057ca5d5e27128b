/// A question that the engine cannot answer now, or that has no answer.
package enum EngineError: Error, Sendable {
    /// The catalogue, the ledger or the journal cannot be read or written.
    case storage(StorageError)
    /// The generator of random numbers failed.
    case noRandomness
    /// More decisions in one turn than the journal takes, or more keys in use than there is room for.
    case overloaded
    /// A reservation that never existed, or that is too old to be known.
    case unknownReservation
    /// The reservation is being settled by somebody else at this moment.
    case beingSettled
}

extension StorageError {
    /// The books are given up, and new ones not begun yet.
    static let unwritable = StorageError(.io, "the journal cannot be written")
}
