/// One answer, or part of one, that was given and has not left.
struct StagedAnswer: BitwiseCopyable {
    enum Kind: UInt8 {
        /// The only message of a unary call, and its end.
        case reply
        /// A message of a streaming call.
        case message
        /// The end of a call.
        case end
        /// Has left already, before the rest of its turn.
        case gone
    }

    var kind: Kind
    let release: Release
    let code: RPCStatus.Code
    let call: CallID
    /// Where the framed message, or the encoded status message, is in the turn's bytes.
    let start: Int
    let count: Int

    /// How many bytes a plain answer has behind the prefix that gRPC would need.
    var plainCount: Int { count - MessageReader.prefixBytes }
}

/// The answers that were given in one turn of a loop, in order, and their bytes.
///
/// Turns are used again, so that staging an answer allocates nothing once buffers are warm.
final class Turn {
    /// Whether the turn may leave when it is its turn.
    enum Disposition {
        case held
        case released
        case refused(RPCStatus)
    }

    let answers = Pile<StagedAnswer>(capacity: 64, retained: 1 << 14)
    let bytes = ByteStore(capacity: 8 << 10)
    var disposition = Disposition.held
    /// When its first bytes were read, on the loop's clock.
    var beganAt: Int64 = 0
    /// How many messages of it leave only when what they say is recorded.
    private(set) var committedCount = 0

    /// Whether the turn waits for the service's word.
    var isHeld: Bool {
        if case .held = disposition { true } else { false }
    }

    /// Adds a message; its length fits 32 bits.
    func add(
        _ kind: StagedAnswer.Kind,
        _ call: CallID,
        _ message: Span<UInt8>,
        _ release: Release
    ) {
        let start = bytes.count
        if release == .afterCommit { committedCount += 1 }
        bytes.appendMessage(message)
        add(kind, call, .ok, release, from: start)
    }

    /// Adds the end of a call.
    func end(_ call: CallID, _ status: RPCStatus, _ release: Release) {
        let start = bytes.count
        status.encodeMessage(into: bytes)
        add(.end, call, status.code, release, from: start)
    }

    private func add(
        _ kind: StagedAnswer.Kind,
        _ call: CallID,
        _ code: RPCStatus.Code,
        _ release: Release,
        from start: Int
    ) {
        answers.append(
            StagedAnswer(
                kind: kind,
                release: release,
                code: code,
                call: call,
                start: start,
                count: bytes.count - start
            )
        )
    }

    func removeAll() {
        answers.removeAll()
        bytes.removeAll()
        committedCount = 0
        disposition = .held
    }
}
