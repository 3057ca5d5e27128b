/// A question that the engine cannot answer now; the fault is ours, not the caller's.
package enum EngineError: Error, Sendable {
    /// The catalogue or the journal cannot be read or written.
    case storage(StorageError)
    /// The generator of random numbers failed.
    case noRandomness
    /// More decisions in one turn than the journal takes.
    case overloaded
}
