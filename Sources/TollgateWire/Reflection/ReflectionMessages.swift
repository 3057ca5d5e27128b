internal import CTollgateProto

/// `grpc.reflection.v1.ServerReflectionRequest`; `v1alpha` has the same fields.
package struct ReflectionRequest: Equatable, Sendable {
    /// What is asked for.
    package enum Question: Equatable, Sendable {
        case file(name: String)
        case fileContaining(symbol: String)
        case fileContainingExtension(type: String, number: Int32)
        case extensionNumbers(type: String)
        case services(String)
        /// Nothing that this version knows.
        case none
    }

    package let host: String
    package let question: Question

    private static let message = ProtobufMessage(
        grpc__reflection__v1__server_reflection_request__init
    )

    /// Reads a message.
    ///
    /// - Throws: what `WireReader` refuses, and `notText`.
    package init(_ bytes: Span<UInt8>) throws(WireError) {
        (host, question) = try Self.message.unpack(bytes) { message throws(WireError) in
            (try message.host.text(), try ReflectionRequest.question(message))
        }
    }

    private static func question(
        _ message: Grpc__Reflection__V1__ServerReflectionRequest
    ) throws(WireError) -> Question {
        // The cases of the oneof are the numbers of its fields.
        switch message.message_request_case.rawValue {
        case 3: return .file(name: try message.file_by_filename.text())
        case 4: return .fileContaining(symbol: try message.file_containing_symbol.text())
        case 5:
            guard let asked = message.file_containing_extension?.pointee else { return .none }
            return .fileContainingExtension(
                type: try asked.containing_type.text(),
                number: asked.extension_number
            )
        case 6: return .extensionNumbers(type: try message.all_extension_numbers_of_type.text())
        case 7: return .services(try message.list_services.text())
        default: return .none
        }
    }

    /// Writes the request as an answer repeats it: what was understood, and nothing else.
    func write(to output: inout OutputBuffer) {
        if !host.isEmpty { output.appendElement(1, text: host) }
        switch question {
        case .file(let name): output.appendElement(3, text: name)
        case .fileContaining(let symbol): output.appendElement(4, text: symbol)
        case .fileContainingExtension(let type, let number):
            output.appendElement(5) {
                if !type.isEmpty { $0.appendElement(1, text: type) }
                $0.appendField(2, signed: Int64(number))
            }
        case .extensionNumbers(let type): output.appendElement(6, text: type)
        case .services(let text): output.appendElement(7, text: text)
        case .none: break
        }
    }
}
