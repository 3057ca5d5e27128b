extension MessageCatalogue {
    /// The answer of a method as bytes.
    ///
    /// - Parameters:
    ///   - method: the name of the method.
    ///   - tree: what it says; members that the message has no field for are left out, and so are
    ///     those of another kind than their field.
    /// - Returns: the message; nil when there is no such method.
    package func answer(of method: String, saying tree: MessageTree) -> [UInt8]? {
        guard let place = methods[method]?.output, case .object(let members) = tree else {
            return nil
        }
        var output = OutputBuffer()
        write(members, as: place, to: &output)
        return output.bytes.array
    }

    private func write(
        _ members: [MessageTree.Member],
        as place: Int,
        to output: inout OutputBuffer
    ) {
        for field in definitions[place].fields {
            guard let value = members.first(where: { $0.name == field.name })?.value else {
                continue
            }
            guard field.isRepeated else {
                write(value, as: field, isElement: false, to: &output)
                continue
            }
            for element in elements(of: value, field) {
                write(element, as: field, isElement: true, to: &output)
            }
        }
    }

    /// The elements of a list, or the entries of a map.
    private func elements(
        of value: MessageTree,
        _ field: MessageDefinition.Field
    ) -> [MessageTree] {
        switch value {
        case .list(let elements): elements
        case .object(let members):
            members.map { .object([.init("key", .text($0.name)), .init("value", $0.value)]) }
        default: []
        }
    }

    private func write(
        _ value: MessageTree,
        as field: MessageDefinition.Field,
        isElement: Bool,
        to output: inout OutputBuffer
    ) {
        switch (field.content, value) {
        case (.text, .text(let text)):
            if isElement || !text.isEmpty { output.appendElement(field.number, text: text) }
        case (.flag, .bool(let flag)): output.appendField(field.number, bool: flag)
        case (.signed, .integer(let number)): output.appendField(field.number, signed: number)
        case (.unsigned, .integer(let number)):
            output.appendField(field.number, unsigned: UInt64(clamping: number))
        case (.unsigned, .number(let text)):
            if let number = UInt64(text) { output.appendField(field.number, unsigned: number) }
        case (.message(let place), let value): write(value, as: place, field.number, to: &output)
        default: break
        }
    }

    private func write(
        _ value: MessageTree,
        as place: Int,
        _ number: UInt32,
        to output: inout OutputBuffer
    ) {
        switch (definitions[place].form, value) {
        case (.decimal, .integer(let amount)):
            output.appendElement(number) { $0.appendElement(1, text: "\(amount)") }
        case (.decimal, .number(let text)):
            output.appendElement(number) { $0.appendElement(1, text: text) }
        case (.wrapper, .integer(let count)):
            output.appendElement(number) { $0.appendField(1, signed: count) }
        case (.wrapper, .bool(let flag)):
            output.appendElement(number) { $0.appendField(1, bool: flag) }
        case (.object, .object(let members)), (.entry, .object(let members)):
            let mark = output.beginElement(number)
            write(members, as: place, to: &output)
            output.endElement(mark)
        default: break
        }
    }
}
