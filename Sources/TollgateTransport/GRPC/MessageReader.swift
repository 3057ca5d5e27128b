internal import Glibc

/// Cuts the body of a call into messages: a flag byte, a big-endian length, and that many bytes.
///
/// A message that arrives in one piece is never copied here. Of one that comes in pieces only what
/// has arrived occupies memory, whatever length it announced. Trivial, so that it can live in a
/// call's slot: the owner of the slot calls `discard` before it forgets the value.
///
/// Source: "gRPC over HTTP/2", `Length-Prefixed-Message`.
struct MessageReader {
    /// What a piece of the body led to.
    enum Step {
        /// The piece is used up and the message is not whole.
        case more
        /// The message lies whole in the piece, at these bytes.
        case whole(start: Int, count: Int)
        /// The last bytes came; the message is in `stored`.
        case stored
        /// The message is not taken, and neither is anything behind it.
        case refused(CallProblem)
    }

    /// What stands in front of each message.
    static let prefixBytes = 5

    private var prefixBytes: UInt8 = 0
    private var length: UInt32 = 0
    private var memory: UnsafeMutablePointer<UInt8>?
    private var capacity = 0
    private(set) var storedCount = 0

    /// Whether part of a message was read.
    var isInside: Bool { prefixBytes != 0 }

    /// The bytes of a message that came in pieces.
    var stored: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: memory, count: storedCount)
    }

    /// Reads on in a piece of the body from `position`, which moves to the next byte to read.
    mutating func read(
        _ piece: UnsafeBufferPointer<UInt8>,
        at position: inout Int,
        limit: Int
    ) -> Step {
        if prefixBytes == 0, let base = piece.baseAddress, piece.count - position >= 5,
            piece[position] == 0
        {
            // The prefix nearly always comes in one piece, and says that nothing is compressed.
            let bytes = UnsafeRawPointer(base + position + 1)
            length = UInt32(bigEndian: bytes.loadUnaligned(as: UInt32.self))
            position += 5
            prefixBytes = 5
        }
        while prefixBytes < 5 {
            guard position < piece.count else { return .more }
            let byte = piece[position]
            position += 1
            prefixBytes += 1
            if prefixBytes == 1 {
                if byte == 1 { return .refused(.compressed) }
                if byte != 0 { return .refused(.badPrefix) }
            } else {
                length = length << 8 | UInt32(byte)
            }
        }
        // Checked before anything is allocated for the message.
        if Int(length) > limit { return .refused(.tooLong) }
        let left = piece.count - position
        let missing = Int(length) - storedCount
        if storedCount == 0, left >= missing {
            let start = position
            position += missing
            return .whole(start: start, count: missing)
        }
        let taken = min(left, missing)
        store(UnsafeBufferPointer(rebasing: piece[position..<(position + taken)]))
        position += taken
        return taken == missing ? .stored : .more
    }

    /// Keeps bytes of the message; together never more than its length.
    mutating func store(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, bytes.count > 0 else { return }
        let needed = storedCount + bytes.count
        if needed > capacity {
            var larger = max(2048, capacity)
            while larger < needed { larger *= 2 }
            let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
            if let memory {
                memcpy(copy, memory, storedCount)
                memory.deallocate()
            }
            memory = copy
            capacity = larger
        }
        if let memory { memcpy(memory + storedCount, source, bytes.count) }
        storedCount = needed
    }

    /// Forgets the message and frees its memory: the next one may begin.
    mutating func discard() {
        memory?.deallocate()
        self = MessageReader()
    }
}
