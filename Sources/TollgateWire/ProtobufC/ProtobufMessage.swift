internal import CProtobufC
internal import CTollgateProto
internal import Glibc

/// Unpacks messages that are not worth a reader of their own, with protobuf-c.
///
/// The bytes are checked by `MessageShape` before protobuf-c sees them, and what it allocates comes
/// out of a budget: it takes up to 88 bytes for each byte of a hostile message. What is written is
/// written by `OutputBuffer` here too; packing in C would need each message built in C's memory.
struct ProtobufMessage<Message> {
    private let shape: MessageShape
    private let allowance: Int

    /// The messages that a generated `…__init` initializes, which must be the one of `Message`.
    ///
    /// - Parameters:
    ///   - initialize: that function.
    ///   - allowance: how many bytes a message may take in C's memory whatever its own size.
    init(
        _ initialize: (UnsafeMutablePointer<Message>?) -> Void,
        allowance: Int = 256 * 1024
    ) {
        shape = MessageShape(of: initialize)
        self.allowance = allowance
    }

    /// Unpacks a message for as long as `body` reads it.
    ///
    /// - Throws: what the check refuses, `tooMany` when the budget is used up, and what `body`
    ///   throws.
    func unpack<Result>(
        _ bytes: Span<UInt8>,
        _ body: (Message) throws(WireError) -> Result
    ) throws(WireError) -> Result {
        try shape.check(WireReader(bytes), of: bytes)
        var budget = AllocationBudget(for: bytes.count, allowance)
        guard let message = shape.unpack(bytes, from: &budget) else {
            throw budget.isUsedUp ? .tooMany : .malformed
        }
        defer { AllocationBudget.free(message) }
        let typed = UnsafeRawPointer(message).assumingMemoryBound(to: Message.self)
        return try body(typed.pointee)
    }
}

extension MessageShape {
    fileprivate func unpack(
        _ bytes: Span<UInt8>,
        from budget: inout AllocationBudget
    ) -> UnsafeMutablePointer<ProtobufCMessage>? {
        withUnsafeMutablePointer(to: &budget) { budget in
            var allocator = AllocationBudget.allocator(budget)
            return bytes.withUnsafeBufferPointer { bytes in
                protobuf_c_message_unpack(descriptor, &allocator, bytes.count, bytes.baseAddress)
            }
        }
    }
}

/// How many more bytes one message may take in C's memory.
private struct AllocationBudget {
    /// How many times its own size a message may take besides its allowance.
    private static let factor = 4

    private var left: Int
    private(set) var isUsedUp = false

    init(for count: Int, _ allowance: Int) {
        let (more, isOverflow) = count.multipliedReportingOverflow(by: AllocationBudget.factor)
        left = isOverflow ? 0 : more + allowance
    }

    private mutating func take(_ size: Int) -> Bool {
        guard size <= left else {
            isUsedUp = true
            return false
        }
        left -= size
        return true
    }

    /// An allocator whose memory counts against the budget, which must outlive it.
    static func allocator(_ budget: UnsafeMutablePointer<AllocationBudget>) -> ProtobufCAllocator {
        ProtobufCAllocator(
            alloc: { budget, size in
                guard
                    let budget = budget?.assumingMemoryBound(to: AllocationBudget.self),
                    size <= Int.max, budget.pointee.take(Int(size))
                else { return nil }
                return malloc(Int(size))
            },
            free: { _, memory in Glibc.free(memory) },
            allocator_data: UnsafeMutableRawPointer(budget)
        )
    }

    /// Frees a message that such an allocator's memory was used for.
    static func free(_ message: UnsafeMutablePointer<ProtobufCMessage>) {
        // The memory is malloc's, so malloc's allocator, which is protobuf-c's default, frees it.
        protobuf_c_message_free_unpacked(message, nil)
    }
}

extension ProtobufCBinaryData {
    /// A copy of the bytes.
    var bytes: [UInt8] {
        Array(UnsafeBufferPointer(start: data, count: len))
    }

    /// The bytes as text.
    ///
    /// - Throws: `notText` for bad UTF-8 and for NUL.
    func text() throws(WireError) -> String {
        let bytes = bytes
        guard WireText.isValid(bytes.span, from: 0, to: bytes.count) else { throw .notText }
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension ProtobufCMessage {
    /// Refuses fields that this version does not know.
    func requireNoUnknownFields() throws(WireError) {
        guard n_unknown_fields == 0 else { throw .unknownField }
    }
}

/// The elements of a repeated field, which protobuf-c keeps as a pointer and a count.
func elements<Element>(
    _ start: UnsafeMutablePointer<Element>?,
    _ count: Int
) -> UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
}
