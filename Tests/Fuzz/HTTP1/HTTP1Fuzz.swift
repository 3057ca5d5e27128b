internal import ConnectionFuzz

/// Any bytes at all may come from a peer.
///
/// - Returns: 0, always; a trap or a report of a sanitizer is what the fuzzer looks for.
@_cdecl("LLVMFuzzerTestOneInput")
func fuzzHTTP1(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    HTTP1Input.run(Array(UnsafeBufferPointer(start: start, count: count)))
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
enum HTTP1Driver {
    static func main() {
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        _ = runDriver(&count, &arguments, fuzzHTTP1)
    }
}
