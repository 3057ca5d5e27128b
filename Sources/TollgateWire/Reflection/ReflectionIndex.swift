internal import CTollgateProto

/// What the reflection service answers with: the definitions of everything that is served.
///
/// Read once, from the descriptors that `scripts/generate-proto` made, and never changed. Both
/// versions of the service answer from it.
package struct ReflectionIndex: Sendable {
    /// The full names of all services, sorted.
    package let services: [String]

    private let descriptors: [UInt8]
    private let files: [ReflectionFile]
    private let fileOfName: [String: Int]
    private let fileOfSymbol: [String: Int]
    private let messages: Set<String>

    /// Reads the descriptors.
    ///
    /// - Throws: only when the descriptors in the program are damaged.
    package init() throws(WireError) {
        var count = 0
        let start = tollgate_descriptor_set(&count)
        let descriptors = Array(UnsafeBufferPointer(start: start, count: count))
        var files: [ReflectionFile] = []
        // FileDescriptorSet { file = 1 }
        let bytes = descriptors.span
        var reader = try WireReader(bytes)
        while try reader.next(in: bytes) {
            if reader.field == 1 { files.append(try ReflectionFile(reader, of: bytes)) }
        }
        var names: [String: Int] = [:]
        var symbols: [String: Int] = [:]
        for (index, file) in files.enumerated() {
            names[file.name] = index
            for symbol in file.symbols { symbols[symbol] = index }
        }
        services = files.flatMap(\.services).sorted()
        messages = Set(files.flatMap(\.messages))
        self.descriptors = descriptors
        self.files = files
        fileOfName = names
        fileOfSymbol = symbols
    }

    /// Writes the answer to a request: `ServerReflectionResponse { valid_host = 1,
    /// original_request = 2, file_descriptor_response = 4, all_extension_numbers_response = 5,
    /// list_services_response = 6, error_response = 7 }`.
    package func answer(_ request: ReflectionRequest, to output: inout OutputBuffer) {
        if !request.host.isEmpty { output.appendElement(1, text: request.host) }
        output.appendElement(2) { request.write(to: &$0) }
        switch request.question {
        case .file(let name):
            write(fileOfName[name], orError: "no file of this name", to: &output)
        case .fileContaining(let symbol):
            write(fileOfSymbol[symbol], orError: "no symbol of this name", to: &output)
        case .fileContainingExtension:
            write(nil, orError: "no message has extensions", to: &output)
        case .extensionNumbers(let type):
            if messages.contains(type) {
                output.appendElement(5) { $0.appendElement(1, text: type) }
            } else {
                write(nil, orError: "no message of this name", to: &output)
            }
        case .services:
            output.appendElement(6) { list in
                for service in services {
                    list.appendElement(1) { $0.appendElement(1, text: service) }
                }
            }
        case .none:
            writeError(3, "the request asks for nothing that is known here", to: &output)
        }
    }

    /// Writes a file, and behind it every file that it needs: clients need not ask for each.
    private func write(_ file: Int?, orError error: StaticString, to output: inout OutputBuffer) {
        guard let file else { return writeError(5, error, to: &output) }
        var wanted = [file]
        var next = 0
        while next < wanted.count {
            for name in files[wanted[next]].dependencies {
                if let index = fileOfName[name], !wanted.contains(index) { wanted.append(index) }
            }
            next += 1
        }
        // FileDescriptorResponse { file_descriptor_proto = 1 }
        let answer = output.beginElement(4)
        for index in wanted {
            output.appendElement(1, bytes: descriptors.span.bytes(in: files[index].range))
        }
        output.endElement(answer)
    }

    /// Writes an `ErrorResponse { error_code = 1, error_message = 2 }`, the code being gRPC's.
    private func writeError(
        _ code: UInt64,
        _ message: StaticString,
        to output: inout OutputBuffer
    ) {
        output.appendElement(7) {
            $0.appendElement(1, unsigned: code)
            $0.appendElement(2, text: message)
        }
    }
}
