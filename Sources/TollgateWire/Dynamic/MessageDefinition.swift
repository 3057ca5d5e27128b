/// The definition of a message, as far as it is needed to read and write it without generated code.
struct MessageDefinition: Sendable {
    /// What a field holds, as it is in a tree.
    enum Content: Equatable, Sendable {
        case text
        case flag
        /// Of 64 bits or fewer, without zigzag.
        case signed
        case unsigned
        /// The message of this number in the catalogue.
        case message(Int)
    }

    /// Messages that stand for something simpler in a tree.
    enum Form: Equatable, Sendable {
        /// An object of its fields.
        case object
        /// The value of its first field, which tells 0 and false from nothing.
        case wrapper
        /// A number that is written as text, to keep it exact: `tollgate.v1.Decimal`.
        case decimal
        /// A name and a value: an entry of a map.
        case entry
    }

    struct Field: Sendable {
        let number: UInt32
        let name: String
        var content: Content
        let isRepeated: Bool
    }

    let name: String
    let form: Form
    var fields: [Field]
}

extension MessageDefinition {
    /// A definition whose fields still name the types of their messages.
    struct Draft {
        var definition: MessageDefinition
        /// The full names of the types of the fields that are messages, by place.
        var types: [String?]
    }

    /// Reads a `DescriptorProto { name = 1, field = 2, nested_type = 3, options = 7 }` and those
    /// within it.
    ///
    /// Source: `google/protobuf/descriptor.proto`.
    static func drafts(
        _ message: WireReader,
        in scope: String,
        of bytes: Span<UInt8>
    ) throws(WireError) -> [Draft] {
        var name = scope
        var isEntry = false
        var reader = message
        while try reader.next(in: bytes) {
            switch reader.field {
            case 1: name = "\(scope).\(try text(reader, bytes))"
            case 7: isEntry = try flag(7, of: reader, bytes)
            default: break
            }
        }
        var draft = Draft(
            definition: MessageDefinition(name: name, form: form(of: name, isEntry), fields: []),
            types: []
        )
        var drafts: [Draft] = []
        reader = message
        while try reader.next(in: bytes) {
            switch reader.field {
            case 2:
                let (field, type) = try field(reader, of: bytes)
                draft.definition.fields.append(field)
                draft.types.append(type)
            case 3: drafts += try self.drafts(reader.message(), in: name, of: bytes)
            default: break
            }
        }
        return [draft] + drafts
    }

    private static func form(of name: String, _ isEntry: Bool) -> Form {
        if isEntry { return .entry }
        if name == "tollgate.v1.Decimal" { return .decimal }
        let wrappers = ["BoolValue", "Int64Value"].map { "google.protobuf.\($0)" }
        return wrappers.contains(name) ? .wrapper : .object
    }

    /// A `FieldDescriptorProto { name = 1, number = 3, label = 4, type = 5, type_name = 6 }`.
    private static func field(
        _ field: WireReader,
        of bytes: Span<UInt8>
    ) throws(WireError) -> (Field, type: String?) {
        var name = ""
        var number: UInt32 = 0
        var isRepeated = false
        var kind: UInt64 = 0
        var type: String?
        var reader = try field.message()
        while try reader.next(in: bytes) {
            switch reader.field {
            case 1: name = try text(reader, bytes)
            case 3: number = try reader.unsigned32()
            case 4: isRepeated = try reader.unsigned() == 3
            case 5: kind = try reader.unsigned()
            // The name begins with a point: it is absolute.
            case 6: type = String(try text(reader, bytes).dropFirst())
            default: break
            }
        }
        let content: Content
        switch kind {
        case 3, 5: content = .signed
        case 4, 13: content = .unsigned
        case 8: content = .flag
        case 9: content = .text
        case 11: content = .message(-1)
        default: throw .badValue
        }
        let result = Field(number: number, name: name, content: content, isRepeated: isRepeated)
        return (result, kind == 11 ? type : nil)
    }

    /// Whether the message in the current field says that one of its flags is set.
    private static func flag(
        _ number: UInt32,
        of field: WireReader,
        _ bytes: Span<UInt8>
    ) throws(WireError) -> Bool {
        var reader = try field.message()
        var isSet = false
        while try reader.next(in: bytes) {
            if reader.field == number { isSet = try reader.bool() }
        }
        return isSet
    }

    static func text(_ reader: WireReader, _ bytes: Span<UInt8>) throws(WireError) -> String {
        let range = try reader.range()
        return String(decoding: bytes.bytes(in: range).array, as: UTF8.self)
    }
}
