import Testing
import TollgateCore

@testable import TollgateWire

@Suite("Messages without generated code")
struct MessageCatalogueTests {
    private let messages: MessageCatalogue

    init() throws {
        messages = try MessageCatalogue(of: "tollgate.v1.KeyManagement")
    }

    /// The fields of a message, one behind the other, as a client's library writes them.
    private func bytes(_ write: (inout OutputBuffer) -> Void) -> [UInt8] {
        var output = OutputBuffer()
        write(&output)
        return (0..<output.count).map { output[$0] }
    }

    private func number(of field: String, in message: String) throws -> UInt32 {
        let definition = try #require(
            messages.definitions.first { $0.name == "tollgate.v1.\(message)" }
        )
        return try #require(definition.fields.first { $0.name == field }).number
    }

    @Test("A request says what was sent, wrappers and decimals as values, maps as objects")
    func reading() throws {
        let key = try number(of: "key", in: "CreateKeyRequest")
        let name = try number(of: "name", in: "Key")
        let models = try number(of: "allowed_models", in: "Key")
        let rates = try number(of: "rate_limits", in: "Key")
        let budgets = try number(of: "budget_limits", in: "Key")
        let metadata = try number(of: "metadata", in: "Key")
        let message = bytes { output in
            output.appendElement(key) {
                $0.appendElement(name, text: "größe")
                $0.appendElement(models, text: "a")
                $0.appendElement(rates) { $0.appendElement(1) { $0.appendElement(1, unsigned: 0) } }
                $0.appendElement(models, text: "")
                $0.appendElement(budgets) {
                    $0.appendElement(1) { $0.appendElement(1, text: "1.50") }
                }
                $0.appendElement(metadata) {
                    $0.appendElement(1, text: "k")
                    $0.appendElement(2, text: "v")
                }
            }
        }
        let tree = try messages.request(of: "CreateKey", in: message)
        let expected: MessageTree = .object([
            .init(
                "key",
                .object([
                    .init("name", .text("größe")),
                    .init("allowed_models", .list([.text("a"), .text("")])),
                    .init("rate_limits", .object([.init("per_second", .integer(0))])),
                    .init("budget_limits", .object([.init("daily", .number("1.50"))])),
                    .init("metadata", .object([.init("k", .text("v"))])),
                ])
            )
        ])
        #expect(tree == expected)
    }

    @Test("An answer is written so that it is read as the same, null and strangers left out")
    func writing() throws {
        let tree: MessageTree = .object([
            .init("id", .text("key_1")), .init("expires_at", .null), .init("nobody", .text("x")),
            .init("version", .integer(7)), .init("allowed_models", .list([.text("a"), .text("")])),
            .init("permissions", .object([.init("manage_keys", .bool(false))])),
            .init("budget_limits", .object([.init("daily", .integer(2))])),
            .init("metadata", .object([.init("k", .text(""))])),
        ])
        let written = try #require(messages.answer(of: "GetKey", saying: tree))
        // The same message in a request: what was an answer to GetKey is the record of CreateKey.
        let field = try number(of: "key", in: "CreateKeyRequest")
        let request = bytes { $0.appendElement(field, bytes: written.span) }
        guard
            case .object(let members) = try messages.request(of: "CreateKey", in: request),
            case .object(let read)? = members.first?.value
        else {
            Issue.record("no record")
            return
        }
        let byName = Dictionary(uniqueKeysWithValues: read.map { ($0.name, $0.value) })
        #expect(byName.count == 6)
        #expect(byName["version"] == .integer(7))
        #expect(byName["allowed_models"] == .list([.text("a"), .text("")]))
        #expect(byName["permissions"] == .object([.init("manage_keys", .bool(false))]))
        #expect(byName["budget_limits"] == .object([.init("daily", .number("2"))]))
        #expect(byName["metadata"] == .object([.init("k", .text(""))]))
    }

    @Test("What is not a message of its kind is refused")
    func refusals() throws {
        func problem(_ method: String, _ message: [UInt8]) -> WireError? {
            do {
                _ = try messages.request(of: method, in: message)
                return nil
            } catch {
                return error
            }
        }
        #expect(problem("GetKey", [0x0A, 1, 0x61]) == nil)
        #expect(problem("GetKey", [0x0A, 2, 0x61]) == .truncated)
        #expect(problem("GetKey", [0x0A, 1, 0xFF]) == .notText)
        #expect(problem("GetKey", [0x0A, 1, 0]) == .notText)
        #expect(problem("GetKey", [0x08, 1]) == .wrongType)
        #expect(problem("GetKey", [0x12, 1, 0x61]) == .unknownField)
        #expect(problem("GetKey", [0x0A, 1, 0x61, 0x0A, 1, 0x62]) == .malformed)
        #expect(problem("Nothing", []) == .badValue)
        let amount = try number(of: "amount", in: "PayCreditsRequest")
        for text in [
            "", "1.", "x", "NaN", "1e", "+1", "01", "--1", String(repeating: "1", count: 65),
        ] {
            let message = bytes { $0.appendElement(amount) { $0.appendElement(1, text: text) } }
            #expect(problem("PayCredits", message) == .badValue, "\(text)")
        }
        let models = try number(of: "models", in: "PutModelsRequest")
        let flood = bytes { output in
            for _ in 0..<200_001 { output.appendElement(models, text: "") }
        }
        #expect(problem("PutModels", flood) == .tooMany)
    }

    @Test("No bytes end the process, whatever they are")
    func hostile() throws {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let count = Int.random(in: 0..<64, using: &generator)
            // Small numbers make fields that exist, lengths that fit, and messages within messages.
            let message = (0..<count).map { _ in
                UInt8.random(in: 0...(Bool.random() ? 0x2A : 0xFF), using: &generator)
            }
            for method in ["CreateKey", "PutModels", "ListKeys"] {
                _ = try? messages.request(of: method, in: message)
            }
        }
    }
}
