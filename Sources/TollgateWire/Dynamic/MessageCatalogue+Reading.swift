extension MessageCatalogue {
    /// The most values that one message may hold.
    private static let valueLimit = 200_000

    /// What the request of a method says.
    ///
    /// A field that has the value that proto3 does not send, such as an empty text, is not there;
    /// in a wrapper it is. The depth is bounded by the definitions, which do not recur.
    ///
    /// - Throws: what `WireReader` refuses, `notText`, `unknownField` for a field that this version
    ///   does not know, `malformed` for one that is there twice, `tooMany` and `badValue`.
    package func request(
        of method: String,
        in message: [UInt8]
    ) throws(WireError) -> MessageTree {
        guard let place = methods[method]?.input else { throw .badValue }
        let bytes = message.span
        var left = MessageCatalogue.valueLimit
        return try object(place, try WireReader(bytes), bytes, &left)
    }

    private func object(
        _ place: Int,
        _ message: WireReader,
        _ bytes: Span<UInt8>,
        _ left: inout Int
    ) throws(WireError) -> MessageTree {
        let definition = definitions[place]
        var values = [MessageTree?](repeating: nil, count: definition.fields.count)
        var reader = message
        while try reader.next(in: bytes) {
            let number = reader.field
            guard let index = definition.fields.firstIndex(where: { $0.number == number }) else {
                throw .unknownField
            }
            left -= 1
            guard left > 0 else { throw .tooMany }
            let field = definition.fields[index]
            let value = try value(field, reader, bytes, &left)
            guard field.isRepeated else {
                guard values[index] == nil else { throw .malformed }
                values[index] = value
                continue
            }
            if case .list(var elements)? = values[index] {
                // Taken out first, so that appending does not copy all of it.
                values[index] = nil
                elements.append(value)
                values[index] = .list(elements)
            } else {
                values[index] = .list([value])
            }
        }
        return try tree(definition, values)
    }

    private func value(
        _ field: MessageDefinition.Field,
        _ reader: WireReader,
        _ bytes: Span<UInt8>,
        _ left: inout Int
    ) throws(WireError) -> MessageTree {
        switch field.content {
        case .text:
            let range = try reader.range()
            guard WireText.isValid(bytes, in: range) else { throw .notText }
            return .text(String(decoding: bytes.bytes(in: range).array, as: UTF8.self))
        case .flag: return .bool(try reader.bool())
        case .signed: return .integer(try reader.signed())
        case .unsigned:
            guard let number = Int64(exactly: try reader.unsigned()) else { throw .badValue }
            return .integer(number)
        case .message(let place): return try object(place, try reader.message(), bytes, &left)
        }
    }

    /// The tree of a message whose fields were read.
    private func tree(
        _ definition: MessageDefinition,
        _ values: [MessageTree?]
    ) throws(WireError) -> MessageTree {
        switch definition.form {
        case .wrapper:
            return values.first.flatMap { $0 }
                ?? (definition.fields.first?.content == .flag ? .bool(false) : .integer(0))
        case .decimal:
            guard case .text(let text)? = values.first.flatMap({ $0 }), DecimalText.isNumber(text)
            else { throw .badValue }
            return .number(text)
        case .entry, .object:
            var members: [MessageTree.Member] = []
            for (field, value) in zip(definition.fields, values) {
                guard let value else { continue }
                if definition.form == .object, isNothing(value, field) { continue }
                members.append(MessageTree.Member(field.name, try folded(value, field)))
            }
            return .object(members)
        }
    }

    /// Whether proto3 would not send the value of a field.
    private func isNothing(_ value: MessageTree, _ field: MessageDefinition.Field) -> Bool {
        if case .message = field.content { return false }
        return value == .text("") || value == .bool(false) || value == .integer(0)
    }

    /// The entries of a map as an object; everything else as it is.
    private func folded(
        _ value: MessageTree,
        _ field: MessageDefinition.Field
    ) throws(WireError) -> MessageTree {
        guard
            case .message(let place) = field.content, definitions[place].form == .entry,
            case .list(let entries) = value
        else { return value }
        var members: [MessageTree.Member] = []
        var names: Set<String> = []
        for case .object(let pair) in entries {
            guard
                case .text(let name)? = pair.first(where: { $0.name == "key" })?.value ?? .text("")
            else { throw .badValue }
            guard names.insert(name).inserted else { throw .malformed }
            let value = pair.first { $0.name == "value" }?.value ?? .text("")
            members.append(MessageTree.Member(name, value))
        }
        return .object(members)
    }
}

/// Numbers as JSON writes them (RFC 8259 section 6).
enum DecimalText {
    /// Whether a text is one, of a length that is worth reading.
    static func isNumber(_ text: String) -> Bool {
        var rest = text.utf8[...]
        guard rest.count <= 64 else { return false }
        if rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
        if rest.first == UInt8(ascii: "0") {
            rest = rest.dropFirst()
        } else if !skipDigits(&rest) {
            return false
        }
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            if !skipDigits(&rest) { return false }
        }
        if rest.first == UInt8(ascii: "e") || rest.first == UInt8(ascii: "E") {
            rest = rest.dropFirst()
            if let sign = rest.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                rest = rest.dropFirst()
            }
            if !skipDigits(&rest) { return false }
        }
        return rest.isEmpty
    }

    private static func skipDigits(_ text: inout Substring.UTF8View) -> Bool {
        let digits = text.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        text = text.dropFirst(digits.count)
        return !digits.isEmpty
    }
}

extension Span<UInt8> {
    /// The bytes, copied.
    var array: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { memory, filled in
            for index in 0..<count { memory[index] = self[index] }
            filled = count
        }
    }
}
