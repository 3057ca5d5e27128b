internal import TollgateCore
internal import TollgateWire

/// Writes answers to plain HTTP requests, one after the other, into the same memory.
///
/// A proxy takes 200 for an allow. So an answer that allows says 503 until it is finished: what is
/// cut off or forgotten in between denies.
///
/// The format is that of the transport: three digits, fields with lengths in front, a zero, the body.
struct HTTPAnswerWriter: ~Copyable {
    private var buffer = OutputBuffer()
    private var status: UInt16 = 503
    private var hasBody = false

    /// The answer, after `finish`.
    var bytes: Span<UInt8> {
        @_lifetime(borrow self)
        get { buffer.bytes }
    }

    /// Begins an answer with a status of three digits.
    mutating func begin(status: UInt16) {
        buffer.removeAll()
        buffer.append("503")
        self.status = status
        hasBody = false
    }

    /// Adds a field whose value has nothing but printable ASCII.
    mutating func header(_ name: StaticString, _ value: (inout OutputBuffer) -> Void) {
        precondition(!hasBody && name.utf8CodeUnitCount <= Int(UInt8.max))
        buffer.append(UInt8(name.utf8CodeUnitCount))
        buffer.append(name)
        appendValue(value)
    }

    /// Adds a field whose name is not known before, in small letters, as above.
    mutating func header(_ name: Span<UInt8>, _ value: Span<UInt8>) {
        precondition(!hasBody && (1...Int(UInt8.max)).contains(name.count))
        buffer.append(UInt8(name.count))
        buffer.append(name)
        appendValue { $0.append(value) }
    }

    private mutating func appendValue(_ value: (inout OutputBuffer) -> Void) {
        let place = buffer.count
        buffer.append(0)
        buffer.append(0)
        value(&buffer)
        let count = buffer.count - place - 2
        precondition(count <= Int(UInt16.max), "answers have short headers")
        buffer[place] = UInt8(count >> 8)
        buffer[place + 1] = UInt8(count & 0xFF)
    }

    /// Writes the body, once, behind all fields.
    mutating func body(_ write: (inout OutputBuffer) -> Void) {
        precondition(!hasBody)
        hasBody = true
        buffer.append(0)
        write(&buffer)
    }

    /// Ends the answer: `bytes` is complete, and an allow allows.
    mutating func finish() {
        if !hasBody { buffer.append(0) }
        var rest = status
        for place in [2, 1, 0] {
            buffer[place] = UInt8(ascii: "0") + UInt8(rest % 10)
            rest /= 10
        }
    }
}
