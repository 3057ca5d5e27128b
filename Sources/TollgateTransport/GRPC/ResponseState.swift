internal import Glibc

/// How far the answer to a call is, and the bytes of it that HTTP/2 has not taken yet.
///
/// The bytes are borrowed from the turn's buffer while the turn is flushed, which is all that most
/// answers ever need; what a closed window leaves behind is copied by `keep`. Trivial, so that it
/// can live in a call's slot: the owner of the slot calls `discard` before it forgets the value.
struct ResponseState {
    /// Whether HEADERS were submitted.
    var hasHeaders = false
    /// Whether the service has given its last answer, released or not.
    var isAnswered = false
    /// Whether the end of the call was submitted or follows the bytes.
    var isFinished = false
    /// Whether HTTP/2 was given the end, which may leave before the last of the bytes is taken.
    var hasEnded = false
    /// Whether nghttp2 waits to be told that there is more.
    var isDeferred = false
    /// Whether the peer is asked to stop sending once the end has left.
    var needsReset = false
    /// Answers that wait in held turns.
    var heldAnswers = 0
    /// Since when bytes wait, in nanoseconds.
    var blockedSince: Int64?

    /// The code and the encoded message of the end.
    var code: RPCStatus.Code = .ok
    private(set) var message: UnsafeMutablePointer<UInt8>?
    private(set) var messageCount = 0

    private var lent: UnsafePointer<UInt8>?
    private var own: UnsafeMutablePointer<UInt8>?
    private var start = 0
    private var end = 0
    /// How much `own` holds.
    private var capacity = 0

    /// How many bytes wait.
    var waiting: Int { end - start }

    /// Whether HTTP/2 has taken everything, the end too, and not only the bytes before it.
    var isTaken: Bool { hasEnded && waiting == 0 }

    /// Whether the bytes belong to a turn's buffer.
    var isLent: Bool { lent != nil }

    /// Adds bytes that stay where they are until the end of the flush.
    mutating func lend(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        guard waiting > 0 else {
            reset()
            lent = bytes
            end = count
            return
        }
        append(bytes, count)
    }

    /// Adds bytes that do not stay where they are.
    mutating func store(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        append(bytes, count)
    }

    /// The bytes that wait.
    var waitingBytes: UnsafeBufferPointer<UInt8> {
        let memory = lent ?? own.map { UnsafePointer($0) }
        return UnsafeBufferPointer(start: memory.map { $0 + start }, count: waiting)
    }

    /// Forgets the first of the bytes that wait.
    mutating func skip(_ count: Int) {
        start += count
        if start == end { reset() }
    }

    /// Copies bytes into memory of the call's own.
    ///
    /// It doubles as it grows: a stream can have thousands of answers in one turn.
    private mutating func append(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        if let own, count <= capacity - end {
            memcpy(own + end, bytes, count)
            end += count
            return
        }
        let old = waiting
        let larger = old + max(count, old)
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        if let source = lent ?? own.map({ UnsafePointer($0) }) {
            memcpy(memory, source + start, old)
        }
        memcpy(memory + old, bytes, count)
        reset()
        own = memory
        capacity = larger
        end = old + count
    }

    /// Copies lent bytes that were not taken, so that their buffer can be used again.
    mutating func keep() {
        guard let lent else { return }
        let count = waiting
        let source = lent + start
        reset()
        if count > 0 { append(source, count) }
    }

    /// Moves bytes out; the number is what was there, at most `limit`.
    mutating func take(into destination: UnsafeMutablePointer<UInt8>, _ limit: Int) -> Int {
        let count = min(waiting, limit)
        guard count > 0, let source = lent ?? own.map({ UnsafePointer($0) }) else { return 0 }
        memcpy(destination, source + start, count)
        start += count
        blockedSince = nil
        if start == end { reset() }
        return count
    }

    /// Keeps the encoded message of the end until the end is submitted.
    mutating func setMessage(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
        message?.deallocate()
        message = nil
        messageCount = count
        guard count > 0 else { return }
        let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: count)
        memcpy(memory, bytes, count)
        message = memory
    }

    private mutating func reset() {
        own?.deallocate()
        own = nil
        lent = nil
        start = 0
        end = 0
        capacity = 0
    }

    /// Frees what the state owns.
    mutating func discard() {
        reset()
        message?.deallocate()
        self = ResponseState()
    }
}
