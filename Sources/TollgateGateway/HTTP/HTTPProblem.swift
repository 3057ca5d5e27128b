internal import TollgateCore
internal import TollgateWire

/// Why a plain HTTP request is not understood, and where.
struct HTTPProblem: Error {
    /// What is wrong; the sentences hold nothing that JSON would have escaped.
    enum Kind {
        case notJSON
        case notObject
        case wrongType
        case badValue
        case badText
        case missing
        case unknown
        case repeated
        case tooManyRecords
        case headerRepeated
        case badHeader
        case pathsDiffer
        case partialBody
        case wrongMethod
        case wrongPath
    }

    let kind: Kind
    /// The field or header; nil when it is the whole.
    var name: StaticString?
    /// Where an unknown field's name is in the body.
    var unknownName: Range<Int>?
    /// Which record of a list, and whether the list is in `usage`.
    var record: (index: Int, isInUsage: Bool)?

    init(_ kind: Kind, _ name: StaticString? = nil, unknownName: Range<Int>? = nil) {
        self.kind = kind
        self.name = name
        self.unknownName = unknownName
    }

    var status: UInt16 {
        switch kind {
        case .wrongMethod: 405
        case .wrongPath: 404
        case .partialBody: 413
        default: 400
        }
    }

    private var message: StaticString {
        switch kind {
        case .notJSON: "The body is not JSON."
        case .notObject: "The body must be a JSON object."
        case .wrongType: "The field has the wrong type."
        case .badValue: "The value is out of bounds."
        case .badText: "The text is not valid or too long."
        case .missing: "The field is required."
        case .unknown: "There is no such field."
        case .repeated: "The field occurs twice."
        case .tooManyRecords: "There may be at most 1000 records."
        case .headerRepeated: "The header occurs twice; the proxy must replace what clients send."
        case .badHeader: "The header cannot be read."
        case .pathsDiffer: "The headers name different paths; the proxy must set one of them."
        case .partialBody: "The proxy sent only part of the body."
        case .wrongMethod: "The method is not understood here."
        case .wrongPath: "There is nothing at this path."
        }
    }

    private var code: StaticString {
        switch kind {
        case .wrongMethod: "method_not_allowed"
        case .wrongPath: "not_found"
        case .partialBody: "content_too_large"
        default: "invalid_argument"
        }
    }

    /// Writes the whole answer; the name of an unknown field is in the body.
    func write(to answer: inout HTTPAnswerWriter, body: Span<UInt8>) {
        answer.begin(status: status)
        answer.header("content-type") { $0.append("application/json") }
        answer.header("cache-control") { $0.append("no-store") }
        if kind == .wrongMethod { answer.header("allow") { $0.append("GET, POST") } }
        answer.body { output in
            output.append(#"{"error":{"code":""#)
            output.append(code)
            output.append(#"","message":""#)
            output.append(message)
            output.append(#"""#)
            writeField(to: &output, body: body)
            output.append(#","status":"#)
            output.appendDecimal(UInt64(status))
            output.append("}}")
        }
        answer.finish()
    }

    private func writeField(to output: inout OutputBuffer, body: Span<UInt8>) {
        guard record != nil || name != nil || unknownName != nil else { return }
        output.append(#","field":""#)
        if let record {
            if record.isInUsage { output.append("usage") }
            output.append("[")
            output.appendDecimal(UInt64(record.index))
            output.append("]")
            if name != nil || unknownName != nil { output.append(".") }
        }
        if let name { output.append(name) }
        if let unknownName { HTTPProblem.writeName(body.extracting(unknownName), to: &output) }
        output.append(#"""#)
    }

    /// Writes a name of the sender's choice, as far as it could be one.
    private static func writeName(_ name: Span<UInt8>, to output: inout OutputBuffer) {
        for index in 0..<min(name.count, 64) {
            let byte = name[index]
            let letter = Text.lowercase(byte)
            let isPlain =
                letter >= 0x61 && letter <= 0x7A || byte >= 0x30 && byte <= 0x39
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            output.append(isPlain ? byte : UInt8(ascii: "?"))
        }
    }
}
