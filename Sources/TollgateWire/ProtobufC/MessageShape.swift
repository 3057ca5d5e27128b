internal import CProtobufC
internal import CTollgateProto

/// The definition of a message, and the check that bytes have its shape.
///
/// protobuf-c unpacks by recursion without a limit: 30 KB of nested messages overflow an 8 MiB
/// stack. So this goes first over everything that it is to unpack. It follows the fields that are
/// messages by their definition, with a stack of its own, and refuses what `WireReader` refuses,
/// known fields of a wrong wire type, and nesting beyond `WireLimits.depth`.
///
/// The definitions are constants of the program that nobody writes to, which makes the pointer safe
/// to share between threads.
struct MessageShape: @unchecked Sendable {
    let descriptor: UnsafePointer<ProtobufCMessageDescriptor>

    /// The shape of `google.protobuf.Struct`.
    static let structure = MessageShape(of: google__protobuf__struct__init)

    /// The shape of the messages that a generated `…__init` initializes.
    ///
    /// Swift has no address for a C constant, but each message begins with a pointer to its own.
    init<Message>(of initialize: (UnsafeMutablePointer<Message>?) -> Void) {
        let message = UnsafeMutablePointer<Message>.allocate(capacity: 1)
        defer { message.deallocate() }
        initialize(message)
        let base = UnsafeRawPointer(message).assumingMemoryBound(to: ProtobufCMessage.self)
        guard let descriptor = base.pointee.descriptor else {
            preconditionFailure("a generated message without its definition")
        }
        self.descriptor = descriptor
    }

    /// A message to come back to.
    private struct Frame {
        var end = 0
        var descriptor: UnsafePointer<ProtobufCMessageDescriptor>
    }

    /// Checks the message of a reader.
    func check(_ reader: WireReader, of message: Span<UInt8>) throws(WireError) {
        var reader = reader
        var frame = Frame(end: reader.limit, descriptor: descriptor)
        var stack = [32 of Frame](repeating: frame)
        var height = 0
        while true {
            guard try reader.next(in: message) else {
                if height == 0 { return }
                height -= 1
                frame = stack[height]
                reader = reader.parent(endingAt: frame.end)
                continue
            }
            guard
                let field = protobuf_c_message_descriptor_get_field(frame.descriptor, reader.field)
            else { continue }
            let type = field.pointee.type
            guard type == PROTOBUF_C_TYPE_MESSAGE else {
                try requireWireType(of: reader, field.pointee)
                continue
            }
            let inner = try reader.message()
            guard let descriptor = field.pointee.descriptor else { throw .badValue }
            // `message` has refused a level that would not fit on the stack.
            stack[height] = frame
            height += 1
            frame = Frame(
                end: inner.limit,
                descriptor: descriptor.assumingMemoryBound(to: ProtobufCMessageDescriptor.self)
            )
            reader = inner
        }
    }

    private func requireWireType(
        of reader: WireReader,
        _ field: ProtobufCFieldDescriptor
    ) throws(WireError) {
        let expected: WireReader.WireType =
            switch field.type {
            case PROTOBUF_C_TYPE_STRING, PROTOBUF_C_TYPE_BYTES: .lengthDelimited
            case PROTOBUF_C_TYPE_SFIXED32, PROTOBUF_C_TYPE_FIXED32, PROTOBUF_C_TYPE_FLOAT: .fixed32
            case PROTOBUF_C_TYPE_SFIXED64, PROTOBUF_C_TYPE_FIXED64, PROTOBUF_C_TYPE_DOUBLE: .fixed64
            default: .varint
            }
        // Repeated numbers may be packed into one field.
        let isPacked = field.label == PROTOBUF_C_LABEL_REPEATED && reader.type == .lengthDelimited
        guard reader.type == expected || isPacked else { throw .wrongType }
    }
}
