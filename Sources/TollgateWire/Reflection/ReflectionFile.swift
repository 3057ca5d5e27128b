/// What reflection knows of one file: its name, and the names in it.
///
/// Source: `google/protobuf/descriptor.proto`, whose field numbers stand at the functions.
struct ReflectionFile: Sendable {
    /// Where the file's descriptor is in the set.
    let range: ByteRange
    private(set) var name = ""
    private(set) var dependencies: [String] = []
    private(set) var services: [String] = []
    private(set) var messages: [String] = []

    /// The full names of everything that can be asked for: services, methods, messages, fields,
    /// enums and their values.
    private(set) var symbols: [String] = []

    /// Reads the `FileDescriptorProto` that the current field of a reader holds: `{ name = 1,
    /// package = 2, dependency = 3, message_type = 4, enum_type = 5, service = 6 }`.
    init(_ field: WireReader, of bytes: Span<UInt8>) throws(WireError) {
        range = try field.range()
        // The package comes before what lies in it, but nothing says that it must.
        var scope = ""
        var reader = try field.message()
        while try reader.next(in: bytes) {
            if reader.field == 2 { scope = try ReflectionFile.text(reader, bytes) }
        }
        reader = try field.message()
        while try reader.next(in: bytes) {
            switch reader.field {
            case 1: name = try ReflectionFile.text(reader, bytes)
            case 3: dependencies.append(try ReflectionFile.text(reader, bytes))
            case 4: try addMessage(reader.message(), in: scope, of: bytes)
            case 5: try addEnum(reader.message(), in: scope, of: bytes)
            case 6:
                let service = try addNamed(reader.message(), in: scope, members: 2, of: bytes)
                services.append(service)
            default: break
            }
        }
    }

    /// Adds a `DescriptorProto { name = 1, field = 2, nested_type = 3, enum_type = 4 }`.
    ///
    /// It calls itself for nested messages, which the reader's limit of levels bounds.
    private mutating func addMessage(
        _ message: WireReader,
        in scope: String,
        of bytes: Span<UInt8>
    ) throws(WireError) {
        let name = try addNamed(message, in: scope, members: 2, of: bytes)
        messages.append(name)
        var reader = message
        while try reader.next(in: bytes) {
            switch reader.field {
            case 3: try addMessage(reader.message(), in: name, of: bytes)
            case 4: try addEnum(reader.message(), in: name, of: bytes)
            default: break
            }
        }
    }

    /// Adds an `EnumDescriptorProto { name = 1, value = 2 }`, whose values are named as its
    /// siblings.
    private mutating func addEnum(
        _ message: WireReader,
        in scope: String,
        of bytes: Span<UInt8>
    ) throws(WireError) {
        var reader = message
        while try reader.next(in: bytes) {
            switch reader.field {
            case 1: symbols.append(join(scope, try ReflectionFile.text(reader, bytes)))
            case 2: _ = try addNamed(reader.message(), in: scope, members: 0, of: bytes)
            default: break
            }
        }
    }

    /// Adds anything that has its name in field 1, and the names of its members.
    ///
    /// - Returns: its full name.
    private mutating func addNamed(
        _ message: WireReader,
        in scope: String,
        members: UInt32,
        of bytes: Span<UInt8>
    ) throws(WireError) -> String {
        var name = scope
        var reader = message
        while try reader.next(in: bytes) {
            if reader.field == 1 { name = join(scope, try ReflectionFile.text(reader, bytes)) }
        }
        symbols.append(name)
        reader = message
        while try reader.next(in: bytes) {
            guard reader.field == members else { continue }
            var member = try reader.message()
            while try member.next(in: bytes) {
                if member.field == 1 {
                    symbols.append(join(name, try ReflectionFile.text(member, bytes)))
                }
            }
        }
        return name
    }

    private func join(_ scope: String, _ name: String) -> String {
        scope.isEmpty ? name : "\(scope).\(name)"
    }

    private static func text(
        _ reader: WireReader,
        _ bytes: Span<UInt8>
    ) throws(WireError) -> String {
        let range = try reader.range()
        guard WireText.isValid(bytes, in: range) else { throw .notText }
        let text = bytes.bytes(in: range)
        return String(unsafeUninitializedCapacity: text.count) { characters in
            for index in 0..<text.count { characters[index] = text[index] }
            return text.count
        }
    }
}
