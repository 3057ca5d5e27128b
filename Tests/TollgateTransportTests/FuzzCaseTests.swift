internal import ConnectionFuzz
internal import Foundation
internal import Testing

@Suite("Kept inputs of the fuzzers of connections")
struct FuzzCaseTests {
    /// The kept inputs of a fuzzer.
    private static func cases(of target: String) -> [URL] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fuzz/\(target)/Cases")
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).sorted { $0.path < $1.path }
    }

    @Test("They are there", arguments: ["HTTP1", "HTTP2"])
    func present(target: String) {
        #expect(Self.cases(of: target).count >= 10)
    }

    @Test(
        "Each of HTTP/2 ends with every call and connection closed",
        arguments: cases(of: "HTTP2")
    )
    func http2(_ file: URL) throws {
        try replay(file, HTTP2Input.run)
    }

    @Test(
        "Each of HTTP/1 does, and is the same requests in any pieces",
        arguments: cases(of: "HTTP1")
    )
    func http1(_ file: URL) throws {
        try replay(file, HTTP1Input.run)
    }

    /// Runs an input as it is, and in each of the fuzzer's other modes.
    private func replay(_ file: URL, _ run: ([UInt8]) -> Void) throws {
        let input = Array(try Data(contentsOf: file))
        run(input)
        for mode in UInt8(0)..<64 { run([mode] + input.dropFirst()) }
    }
}
