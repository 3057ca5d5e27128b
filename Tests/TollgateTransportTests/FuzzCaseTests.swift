internal import Foundation
internal import HTTP2Fuzz
internal import Testing

@Suite("Kept inputs of the HTTP/2 fuzzer")
struct FuzzCaseTests {
    static let cases: [URL] = {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Fuzz/HTTP2/Cases")
        let files = try? FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        return (files ?? []).sorted { $0.path < $1.path }
    }()

    @Test("They are there")
    func present() {
        #expect(Self.cases.count >= 10)
    }

    @Test("Each ends with every call and connection closed", arguments: cases)
    func replay(_ file: URL) throws {
        let input = Array(try Data(contentsOf: file))
        // As it is, and in each of the fuzzer's other modes.
        HTTP2Input.run(input)
        for mode in UInt8(0)..<64 { HTTP2Input.run([mode] + input.dropFirst()) }
    }
}
