import Foundation
import Testing
import TollgateCore
import TollgateTesting

@testable import TollgateGateway

@Suite("The body of a request to a language model")
struct LLMRequestReaderTests {
    /// A line of `Cases/bodies.txt`.
    struct Case: CustomTestStringConvertible, Sendable {
        let body: String
        let facts: String
        var testDescription: String { body }
    }

    static let cases: [Case] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Cases/bodies.txt")
        let lines = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
        return lines.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let parts = line.components(separatedBy: " =>")
            return Case(
                body: parts[0],
                facts: parts.dropFirst().joined().trimmingCharacters(in: .whitespaces)
            )
        }
    }()

    /// The facts in the words of the file.
    private func describe(_ body: [UInt8]) -> String {
        LLMRequestReader.facts(of: body.span).words(for: body)
    }

    @Test("There are cases")
    func fileIsRead() {
        #expect(Self.cases.count > 80)
    }

    @Test("Each case of the table", arguments: cases)
    func table(example: Case) {
        let wanted = example.facts.split(separator: " ").sorted().joined(separator: " ")
        #expect(describe(Array(example.body.utf8)) == wanted)
    }

    @Test("A body cut off at any byte is no error, and what came before the cut is found")
    func cuts() throws {
        for example in Self.cases {
            let body = Array(example.body.utf8)
            let whole = LLMRequestReader.facts(of: body.span)
            guard whole.isComplete else { continue }
            for count in body.indices {
                let part = Array(body.prefix(count))
                let facts = LLMRequestReader.facts(of: part.span)
                #expect(!facts.isComplete)
                #expect(facts.problem == .none, "\(example.body) at \(count)")
                if let model = whole.model, model.upperBound < count, !whole.modelIsRepeated {
                    #expect(facts.model == model)
                }
                #expect(facts.textBytes <= count)
            }
        }
    }

    @Test("Depth costs no stack: 512 levels are skipped, one more is a problem")
    func depth() {
        func body(_ levels: Int, _ open: String, _ close: String) -> [UInt8] {
            let nested = String(repeating: open, count: levels)
            let end = String(repeating: close, count: levels)
            return Array("{\"x\":\(nested)1\(end),\"model\":\"m\"}".utf8)
        }
        #expect(describe(body(512, "[", "]")) == "model=m")
        #expect(describe(body(512, "{\"a\":", "}")) == "model=m")
        #expect(LLMRequestReader.facts(of: body(513, "[", "]").span).problem == .tooDeep)
        #expect(LLMRequestReader.facts(of: body(100_000, "[", "]").span).problem == .tooDeep)
    }

    @Test("A mebibyte is read to its end, whatever it consists of")
    func size() {
        for unit in ["x", "\\u0041", "é", "\\\\", "[", "\t"] {
            let text = String(repeating: unit, count: (1 << 20) / unit.utf8.count)
            let value = unit == "\t" ? "\(text)\"\"" : "\"\(text)\""
            let body = Array("{\"x\":\(value),\"model\":\"m\"}".utf8)
            let facts = LLMRequestReader.facts(of: body.span)
            #expect(facts.isComplete && facts.model != nil)
            #expect(facts.textBytes == (unit == "\t" ? 0 : text.utf8.count))
        }
    }

    @Test("A model that is no text is none")
    func badText() {
        let bad: [[UInt8]] = [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xC3]]
        for bytes in bad {
            let body = Array("{\"model\":\"a".utf8) + bytes + Array("\"}".utf8)
            let facts = LLMRequestReader.facts(of: body.span)
            #expect(facts.problem == .notText)
            #expect(facts.model == nil)
        }
        #expect(
            LLMRequestReader.facts(of: Array("{\"model\":\"a\u{0}b\"}".utf8).span).problem
                == .notJSON
        )
    }

    @Test("Half of a surrogate pair is not copied")
    func surrogates() {
        for escape in ["\\ud83d", "\\ude00", "\\ud83dx", "\\ud83d\\u0041", "\\ud83d\\ud83d"] {
            let body = Array("{\"model\":\"\(escape)\"}".utf8)
            let facts = LLMRequestReader.facts(of: body.span)
            #expect(facts.modelHasEscapes)
            var buffer = TextBuffer(capacity: 64)
            #expect(!LLMRequestReader.copyModel(facts, of: body.span, into: &buffer))
        }
    }

    @Test("The kept cases of the fuzzer are read")
    func keptCases() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let files = try FileManager.default.contentsOfDirectory(
            at: root.appending(path: "Fuzz/RequestBody/Cases"),
            includingPropertiesForKeys: nil
        )
        #expect(!files.isEmpty)
        for file in files {
            let body = Array(try Data(contentsOf: file))
            for type in ["application/json", "multipart/form-data; boundary=B"] {
                let facts = LLMRequestReader.facts(of: body.span, contentType: type.utf8.span)
                #expect((facts.model?.upperBound ?? 0) <= body.count)
                #expect(facts.textBytes <= body.count)
            }
        }
    }

    @Test("Damaged bodies never end the process, and ranges stay inside")
    func damage() {
        var generator = SeededGenerator(seed: 1)
        for example in Self.cases {
            for _ in 0..<50 {
                var body = Array(example.body.utf8)
                guard !body.isEmpty else { continue }
                let place = Int.random(in: body.indices, using: &generator)
                body[place] = UInt8.random(in: 0...255, using: &generator)
                let facts = LLMRequestReader.facts(of: body.span)
                #expect((facts.model?.upperBound ?? 0) <= body.count)
                #expect(facts.textBytes <= body.count)
            }
        }
    }
}
