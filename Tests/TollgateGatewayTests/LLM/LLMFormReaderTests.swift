import Testing
import TollgateTesting

@testable import TollgateGateway

@Suite("The body of a request that uploads a file")
struct LLMFormReaderTests {
    private static let usualType = Array("multipart/form-data; boundary=B".utf8)

    private static func cases() throws -> [CaseBlock] {
        try CaseBlock.read("../LLM/Cases/forms.txt")
    }

    /// The bytes that a case writes in lines.
    private static func body(of example: CaseBlock) -> [UInt8] {
        example.lines.flatMap { line -> [UInt8] in
            switch line.name {
            case "line": line.value + [0x0D, 0x0A]
            case "raw": line.value
            case "field": field(line.pair.name, line.pair.value)
            case "close": Array("--B--\r\n".utf8)
            default: []
            }
        }
    }

    private static func field(_ name: String, _ value: [UInt8]) -> [UInt8] {
        let head = "--B\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n"
        return Array(head.utf8) + value + [0x0D, 0x0A]
    }

    private static func facts(_ body: [UInt8], _ type: [UInt8] = usualType) -> LLMRequestFacts {
        LLMRequestReader.facts(of: body.span, contentType: type.span)
    }

    @Test("Each case of the table", arguments: try cases())
    func table(example: CaseBlock) {
        let body = Self.body(of: example)
        let facts = Self.facts(body, example.value("type")?.value ?? Self.usualType)
        let wanted = example.expected.joined(separator: " ").split(separator: " ").sorted()
        #expect(facts.words(for: body) == wanted.joined(separator: " "))
    }

    @Test("A form cut off at any byte is no error, and says nothing that the whole one does not")
    func cuts() throws {
        for example in try Self.cases() {
            let type = example.value("type")?.value ?? Self.usualType
            let body = Self.body(of: example)
            let whole = Self.facts(body, type)
            guard whole.isComplete, whole.problem == .none else { continue }
            for count in body.indices {
                let part = Self.facts(Array(body.prefix(count)), type)
                #expect(part.problem == .none, "\(example.title) at \(count)")
                #expect(part.textBytes <= count)
                #expect(part.choices <= whole.choices)
                if !whole.modelHasRival { #expect(part.model == nil || part.model == whole.model) }
            }
        }
    }

    @Test(
        "Other content types are read as JSON",
        arguments: ["", "application/json", "text/plain"]
    )
    func others(type: String) {
        let facts = Self.facts(Array(#"{"model":"m"}"#.utf8), Array(type.utf8))
        #expect(facts.isComplete && facts.model == 10..<11)
    }

    @Test("Damaged forms never end the process, and ranges stay inside")
    func damage() throws {
        var generator = SeededGenerator(seed: 1)
        for example in try Self.cases() {
            let type = example.value("type")?.value ?? Self.usualType
            for _ in 0..<50 {
                var body = Self.body(of: example)
                let place = Int.random(in: body.indices, using: &generator)
                body[place] = UInt8.random(in: 0...255, using: &generator)
                let facts = Self.facts(body, type)
                #expect((facts.model?.upperBound ?? 0) <= body.count)
                #expect(facts.textBytes <= body.count)
            }
        }
    }

    @Test("A file of a mebibyte is gone past, be it all ends of lines or nearly boundaries")
    func largeFiles() {
        let head = "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n"
        for unit in ["x", "\r\n", "\n--", "-", "\r\n--A\r\n"] {
            let count = (1 << 20) / unit.utf8.count
            let file = [UInt8](String(repeating: unit, count: count).utf8)
            let body =
                Array(head.utf8) + file + Array("\r\n".utf8) + Self.field("model", [0x6D])
                + Array("--B--".utf8)
            let facts = Self.facts(body)
            #expect(facts.words(for: body) == "model=m")
        }
    }
}
