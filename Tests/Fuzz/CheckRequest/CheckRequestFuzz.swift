import CTollgateProto
import TollgateCore

@testable import TollgateWire

/// Any bytes, read as both kinds of question: nothing may trap, ranges must lie in the message, and
/// what the pull reader accepts must be what the definition of the message says.
///
/// The ordinary tests replay `Cases` and compare what was read with what protobuf-c reads.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzCheckRequest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = Array(UnsafeBufferPointer(start: start, count: count))
    if let request = try? EnvoyCheckRequest(message.span) {
        for range in [request.path, request.body, request.headers.authorization.last] {
            precondition(Int(range.start) + Int(range.count) <= count)
        }
        let shape = MessageShape(of: envoy__service__auth__v3__check_request__init)
        let isSound = (try? shape.check(WireReader(message.span), of: message.span)) != nil
        precondition(isSound, "only the pull reader accepts this message")
    }
    var question = CheckRequest()
    _ = try? NativeCheckRequest.read(message.span, into: &question)
    var settlement = Settlement()
    if (try? NativeSettleRequest.read(message.span, into: &settlement)) != nil {
        let other = tollgate__v1__settle_request__unpack(nil, count, message)
        precondition(other != nil, "only the pull reader accepts this report")
        tollgate__v1__settle_request__free_unpacked(other, nil)
    }
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
enum CheckRequestFuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments, fuzzCheckRequest)
    }
}
