internal import CTollgateProto

/// The definitions of all messages that are served, and the methods of one service.
///
/// Read once, from the descriptors that `scripts/generate-proto` made, and never changed.
package struct MessageCatalogue: Sendable {
    /// The types of a method, by their places in `definitions`.
    struct Method: Sendable {
        let input: Int
        let output: Int
    }

    let definitions: [MessageDefinition]
    let methods: [String: Method]

    /// Reads the descriptors.
    ///
    /// - Parameter service: the full name of the service whose methods are wanted.
    /// - Throws: only when the descriptors in the program are damaged.
    package init(of service: String) throws(WireError) {
        var count = 0
        let start = tollgate_descriptor_set(&count)
        try self.init(of: service, Array(UnsafeBufferPointer(start: start, count: count)))
    }

    private init(of service: String, _ descriptors: [UInt8]) throws(WireError) {
        let bytes = descriptors.span
        var drafts: [MessageDefinition.Draft] = []
        var signatures: [Signature] = []
        // FileDescriptorSet { file = 1 }
        var reader = try WireReader(bytes)
        while try reader.next(in: bytes) {
            guard reader.field == 1 else { continue }
            let file = try reader.message()
            let scope = try MessageCatalogue.scope(of: file, bytes)
            // A definition is read by its field names, which every other package may have as well.
            guard scope.hasPrefix("tollgate.v1") || scope == "google.protobuf" else { continue }
            try MessageCatalogue.read(file, scope, service, bytes, &drafts, &signatures)
        }
        var places: [String: Int] = [:]
        for (place, draft) in drafts.enumerated() { places[draft.definition.name] = place }
        definitions = try drafts.map { draft throws(WireError) in
            var definition = draft.definition
            for (index, type) in draft.types.enumerated() {
                guard let type else { continue }
                guard let place = places[type] else { throw .badValue }
                definition.fields[index].content = .message(place)
            }
            return definition
        }
        var methods: [String: Method] = [:]
        for signature in signatures {
            guard let input = places[signature.input], let output = places[signature.output] else {
                throw .badValue
            }
            methods[signature.name] = Method(input: input, output: output)
        }
        self.methods = methods
    }

    /// The names of the methods, sorted.
    package var methodNames: [String] { methods.keys.sorted() }

    /// The paths of the fields that the answers of a method have: `usage`, `usage.day`.
    package func fields(answering method: String) -> [String] {
        methods[method].map { paths(of: $0.output) } ?? []
    }

    /// The paths of the fields that the requests of a method have.
    package func fields(asking method: String) -> [String] {
        methods[method].map { paths(of: $0.input) } ?? []
    }

    /// The paths of the fields of a message; no message holds itself.
    private func paths(of place: Int) -> [String] {
        definitions[place].fields.flatMap { field -> [String] in
            guard case .message(let inner) = field.content, definitions[inner].form == .object
            else { return [field.name] }
            return [field.name] + paths(of: inner).map { "\(field.name).\($0)" }
        }
    }

    /// The names of the fields of a message.
    package func fields(of message: String) -> [String] {
        definitions.first { $0.name == message }?.fields.map(\.name) ?? []
    }

    private struct Signature {
        var name = ""
        var input = ""
        var output = ""
    }

    /// The package of a `FileDescriptorProto { package = 2 }`.
    private static func scope(
        of file: WireReader,
        _ bytes: Span<UInt8>
    ) throws(WireError) -> String {
        var reader = file
        var scope = ""
        while try reader.next(in: bytes) {
            if reader.field == 2 { scope = try MessageDefinition.text(reader, bytes) }
        }
        return scope
    }

    /// Reads the messages and the wanted service of a `FileDescriptorProto { message_type = 4,
    /// service = 6 }`.
    private static func read(
        _ file: WireReader,
        _ scope: String,
        _ service: String,
        _ bytes: Span<UInt8>,
        _ drafts: inout [MessageDefinition.Draft],
        _ signatures: inout [Signature]
    ) throws(WireError) {
        var reader = file
        while try reader.next(in: bytes) {
            switch reader.field {
            case 4:
                let message = try reader.message()
                // What cannot be in a tree, such as bytes or a message that holds itself, is in none
                // of the service's messages; of Google's, only wrappers are.
                guard let found = try? MessageDefinition.drafts(message, in: scope, of: bytes)
                else {
                    continue
                }
                drafts += found.filter { draft in
                    scope != "google.protobuf" || draft.definition.form == .wrapper
                }
            case 6: signatures += try methods(of: reader.message(), scope, service, bytes)
            default: break
            }
        }
    }

    /// The methods of a `ServiceDescriptorProto { name = 1, method = 2 }`, if it is the wanted one.
    private static func methods(
        of service: WireReader,
        _ scope: String,
        _ wanted: String,
        _ bytes: Span<UInt8>
    ) throws(WireError) -> [Signature] {
        var signatures: [Signature] = []
        var name = ""
        var reader = service
        while try reader.next(in: bytes) {
            switch reader.field {
            case 1: name = "\(scope).\(try MessageDefinition.text(reader, bytes))"
            case 2: signatures.append(try signature(reader.message(), bytes))
            default: break
            }
        }
        return name == wanted ? signatures : []
    }

    /// A `MethodDescriptorProto { name = 1, input_type = 2, output_type = 3 }`.
    private static func signature(
        _ method: WireReader,
        _ bytes: Span<UInt8>
    ) throws(WireError) -> Signature {
        var signature = Signature()
        var reader = method
        while try reader.next(in: bytes) {
            switch reader.field {
            case 1: signature.name = try MessageDefinition.text(reader, bytes)
            case 2: signature.input = String(try MessageDefinition.text(reader, bytes).dropFirst())
            case 3: signature.output = String(try MessageDefinition.text(reader, bytes).dropFirst())
            default: break
            }
        }
        return signature
    }
}
