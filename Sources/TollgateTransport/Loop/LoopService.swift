/// What answers the calls of one event loop.
///
/// There is one instance for each loop, made and called on that loop's thread only, so it may keep
/// state of its own without locks. A method answers through the `RPCLoop` that the service was made
/// with, at once or later; answering outside of a turn begins one, and so calls `turnBegan`, but
/// nothing else calls back into the service by being called. Loop and service may hold
/// each other: the server parts them when it stops.
package protocol LoopService: AnyObject {
    /// The first bytes of a turn came, or something else begins one; `loop.now` is its time.
    func turnBegan()

    /// Everything of the turn was read: what happens to the answers that were staged in it.
    ///
    /// Answers staged in here still belong to the turn.
    func turnEnds() -> TurnOutcome

    /// A unary call is complete and must be answered exactly once, by `RPCLoop.reply` or `fail`.
    ///
    /// - Parameters:
    ///   - call: its name.
    ///   - method: the number of the method in the `MethodTable`.
    ///   - message: the whole message, valid until the method returns.
    func unary(_ call: CallID, method: Int, message: Span<UInt8>)

    /// A streaming call began; it is answered by any number of `send` and one `finish`.
    func streamOpened(_ call: CallID, method: Int)

    /// A message of a streaming call, valid until the method returns.
    func streamReceived(_ call: CallID, method: Int, message: Span<UInt8>)

    /// The client of a streaming call has sent everything.
    func streamHalfClosed(_ call: CallID, method: Int)

    /// A call that the service was told of ended otherwise than by the service's own answer: the
    /// peer reset it or broke its rules, its deadline passed, or the connection is gone.
    ///
    /// Called at most once for each call and never after its whole answer was handed to the
    /// connection, so a call that is answered in the usual way never gets here. The name is dead:
    /// answers to it do nothing.
    ///
    /// - Parameters:
    ///   - call: its name.
    ///   - wasAnswered: whether the last answer had been given, and was not delivered.
    func callEnded(_ call: CallID, wasAnswered: Bool)

    /// Another thread has called `RPCLoop.wakeService`.
    func serviceWoken()
}

/// A service that only answers unary calls needs nothing of the rest.
extension LoopService {
    package func turnBegan() {}

    package func turnEnds() -> TurnOutcome { .release }

    package func streamOpened(_ call: CallID, method: Int) {}

    package func streamReceived(_ call: CallID, method: Int, message: Span<UInt8>) {}

    package func streamHalfClosed(_ call: CallID, method: Int) {}

    package func callEnded(_ call: CallID, wasAnswered: Bool) {}

    package func serviceWoken() {}
}

/// What happens to the answers of a turn.
package enum TurnOutcome: Sendable {
    /// They leave.
    case release
    /// They stay until `RPCLoop.release(heldTurns:)` or `refuse(heldTurns:_:)`, in order of turns;
    /// those marked `.now` leave unless an earlier answer of the same call is held.
    case hold
    /// Those marked `.afterCommit` are replaced by the status; the others leave.
    case refuse(RPCStatus)
}

/// When a staged answer may leave.
package enum Release: BitwiseCopyable, Sendable {
    /// At the end of the turn, whatever its outcome.
    case now
    /// Once the service has said that what it decided is safe.
    case afterCommit
}
