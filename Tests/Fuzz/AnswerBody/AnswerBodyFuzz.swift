import TollgateCore

@testable import TollgateGateway

/// Any bytes, read as the body of a language model's answer, whole and in two pieces.
///
/// The first byte says where it is cut. The ordinary tests replay `Cases`.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzAnswerBody(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first else { return 0 }
    let body = Array(input.dropFirst())
    var whole = UsageReader()
    whole.read(body.span)
    var pieces = UsageReader()
    let cut = body.count * Int(first) / 256
    pieces.read(Array(body[..<cut]).span)
    pieces.read(Array(body[cut...]).span)
    precondition(whole.result == pieces.result)
    precondition(whole.model.count == pieces.model.count)
    return 0
}

/// libFuzzer's own loop, which takes its usual arguments.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ argumentCount: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

@main
enum AnswerBodyFuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments, fuzzAnswerBody)
    }
}
