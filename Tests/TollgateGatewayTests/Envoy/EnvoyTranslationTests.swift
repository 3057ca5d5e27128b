import Testing
import TollgateCore
import TollgateTesting
import TollgateWire

@testable import TollgateGateway

@Suite("Envoy's question in our words")
struct EnvoyTranslationTests {
    @Test(
        "Each case of the table",
        arguments: try ["names.txt", "tokens.txt", "origin.txt"].flatMap {
            try CaseBlock.read("envoy/\($0)")
        }
    )
    func table(example: CaseBlock) throws {
        let wanted = example.expected.joined(separator: " ").split(separator: " ")
        let words = try translate(example)
        #expect(words.sorted() == wanted.map { String($0) }.sorted())
    }

    /// The question in the words of the tables, or why there is none.
    private func translate(_ example: CaseBlock) throws -> [String] {
        let message = try EnvoyMessage.bytes(of: example)
        var request = CheckRequest()
        var scratch = TextBuffer(capacity: 1024)
        do throws(WireError) {
            let translation = try EnvoyTranslation(
                message.span,
                EnvoyMessage.configuration(of: example)
            )
            if let problem = fill(translation, &request, &scratch) { return ["refused=\(problem)"] }
        } catch {
            return ["refused=\(CallFailure(error))"]
        }
        return words(for: request)
    }

    private func fill(
        _ translation: borrowing EnvoyTranslation,
        _ request: inout CheckRequest,
        _ scratch: inout TextBuffer
    ) -> CallFailure? {
        do {
            try translation.fill(&request, models: .test, scratch: &scratch)
            return nil
        } catch {
            return CallFailure(error)
        }
    }

    private func words(for request: borrowing CheckRequest) -> [String] {
        var words: [String] = []
        for field in CheckRequest.Field.allCases {
            if request.has(field) {
                words.append("\(field)=\(request.string(field).replacing(" ", with: "_"))")
            }
            if request.isUnreadable(field) { words.append("unreadable=\(field)") }
        }
        let other = request.otherModel
        if !other.isEmpty {
            let text = String(decoding: other.indices.map { other[$0] }, as: UTF8.self)
            words.append("also=\(text)")
        }
        if request.tokens != 0 { words.append("tokens=\(request.tokens)") }
        if request.hasUnknownPrompt { words.append("unknown=prompt") }
        if request.inputTokens != 0 { words.append("input=\(request.inputTokens)") }
        if let address = request.clientIP { words.append("ip=\(address)") }
        switch request.credentials {
        case .missing: break
        case .presented:
            let secret = request.secret.bytes
            let text = String(decoding: secret.indices.map { secret[$0] }, as: UTF8.self)
            words.append("key=\(text.replacing(" ", with: "_"))")
        case .unusable, .ambiguous: words.append("credentials=\(request.credentials)")
        }
        return words
    }
}
