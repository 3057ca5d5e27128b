import Foundation
import Testing
import TollgateCore

@testable import TollgateGateway

@Suite("The body of a language model's answer")
struct UsageReaderTests {
    static let cases = (try? CaseBlock.read("answers.txt")) ?? []

    /// The lines of a block as a body.
    private static func body(_ example: CaseBlock) -> [UInt8] {
        Array(example.values("line").map(\.value).joined(separator: [0x0A]))
    }

    /// What a body says, in the words of the file, having come in the given pieces.
    private func describe(_ pieces: [ArraySlice<UInt8>]) -> String {
        var reader = UsageReader()
        for piece in pieces { reader.read(Array(piece).span) }
        guard let result = reader.result else { return "" }
        var words = ["cached=\(result.cachedInput)", "output=\(result.output)"]
        if let input = result.input { words.append("input=\(input)") }
        let model = reader.model
        if !model.isEmpty {
            let bytes = model.indices.map { model[$0] }
            words.append("model=\(String(decoding: bytes, as: UTF8.self))")
        }
        return words.sorted().joined(separator: " ")
    }

    private func wanted(_ example: CaseBlock) -> String {
        example.expected.joined().split(separator: " ").sorted().joined(separator: " ")
    }

    @Test("There are cases")
    func fileIsRead() {
        #expect(Self.cases.count > 40)
    }

    @Test("Each case of the table, in one piece and byte by byte", arguments: cases)
    func table(example: CaseBlock) {
        let body = Self.body(example)
        #expect(describe([body[...]]) == wanted(example))
        #expect(describe(body.indices.map { body[$0...$0] }) == wanted(example))
    }

    @Test("Where a body is cut into pieces changes nothing", arguments: cases)
    func splits(example: CaseBlock) {
        let body = Self.body(example)
        for index in body.indices {
            #expect(describe([body[..<index], body[index...]]) == wanted(example), "\(index)")
        }
    }

    @Test("A stream that ends at any byte never tells more than the whole of it")
    func cuts() {
        for example in Self.cases {
            let body = Self.body(example)
            var reader = UsageReader()
            reader.read(body.span)
            guard let whole = reader.result,
                body.starts(with: "data".utf8) || body.starts(with: "event".utf8)
            else { continue }
            for count in body.indices {
                var reader = UsageReader()
                reader.read(Array(body[..<count]).span)
                guard let part = reader.result else { continue }
                #expect((part.input ?? 0) <= (whole.input ?? 0))
                #expect(part.output <= whole.output)
            }
        }
    }

    @Test("An answer may be as long as it likes: nothing of it is kept")
    func length() {
        var reader = UsageReader()
        let event = Array("data: {\"choices\":[{\"delta\":{\"content\":\"word\"}}]}\n\n".utf8)
        for _ in 0..<20_000 { reader.read(event.span) }
        #expect(reader.result == UsageReader.Result(input: nil, cachedInput: 0, output: 20_000))
        #expect(MemoryLayout<UsageReader>.size < 1024)
    }

    @Test("The kept cases of the fuzzer are read, in any pieces")
    func fuzzCases() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fuzz/AnswerBody/Cases")
        let files = try FileManager.default.contentsOfDirectory(
            at: folder,
            includingPropertiesForKeys: nil
        )
        #expect(files.count > 20)
        for file in files {
            let body = Array(try Data(contentsOf: file))
            #expect(describe([body[...]]) == describe(body.indices.map { body[$0...$0] }))
        }
    }
}
