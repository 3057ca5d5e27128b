import TollgateCore

@testable import TollgateGateway

/// Any bytes, read as the body of a request to a language model, whole and without their last byte,
/// as JSON and as a form, and looked through for content rules.
///
/// The ordinary tests replay `Cases`.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzRequestBody(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let body = Array(UnsafeBufferPointer(start: start, count: count))
    let facts = LLMRequestReader.facts(of: body.span)
    precondition((facts.model?.upperBound ?? 0) <= count && facts.textBytes <= count)
    if facts.model != nil {
        var buffer = TextBuffer(capacity: 256)
        _ = LLMRequestReader.copyModel(facts, of: body.span, into: &buffer)
    }
    if facts.isComplete {
        let cut = Array(body.dropLast(body.reversed().prefix { $0 <= 0x20 }.count + 1))
        precondition(!LLMRequestReader.facts(of: cut.span).isComplete)
    }
    let form = LLMRequestReader.facts(of: body.span, contentType: formType.span)
    precondition((form.model?.upperBound ?? 0) <= count && form.textBytes <= count)
    if let rules {
        // All texts are read, or it is said that they are not.
        let content = LLMRequestReader.findings(
            in: body.span,
            contentType: jsonType.span,
            by: rules
        )
        precondition(!content.isWhole || facts.isComplete)
        precondition(content.found & 1 == 0 || facts.textBytes > 0)
        let fields = LLMRequestReader.findings(
            in: body.span,
            contentType: formType.span,
            by: rules
        )
        precondition(!fields.isWhole || form.isComplete)
    }
    return 0
}

private let rules = try? ContentRules(
    [".", "^a.*z$", "[^a-z]+é(b|c)"].map {
        KeyNotices.ContentRule(name: "", pattern: $0, isBlocking: true)
    }
)
private let jsonType = Array("application/json".utf8)
private let formType = Array("multipart/form-data; boundary=B".utf8)

/// libFuzzer's own loop, which takes its usual arguments.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
enum RequestBodyFuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments, fuzzRequestBody)
    }
}
