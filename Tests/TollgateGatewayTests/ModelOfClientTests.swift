import Testing
import TollgateCore

@testable import TollgateGateway

struct ModelOfClientTests {
    @Test(
        "The model that a request names is what the table says",
        arguments: try CaseFile.rows("models.txt", columns: 3)
    )
    func table(row: [String]) throws {
        #expect(try found(path: row[0], body: row[1], GatewayConfiguration()) == row[2])
    }

    @Test("What the operator set for the route counts, whatever the client names")
    func operatorWins() throws {
        let path = "/openai/%64eployments/../b"
        let body = #"{"model":"a","model":"b"}"#
        let found = try found(path: path, body: body, GatewayConfiguration(), route: "set")
        #expect(found == "set")
    }

    @Test("A key that may call one of two models does not get through by naming both")
    func bothMustBeAllowed() throws {
        var record = KeyRecord(
            id: KeyID(rawValue: 1),
            name: "k",
            createdAt: WallTime(milliseconds: 0)
        )
        record.models.allowed = ["a"]
        let rules = try KeyRules(record, zones: .utcOnly)
        let meter = Meter(
            id: SubjectID(record.id),
            level: .key,
            rules: rules.limits,
            counters: Counters()
        )
        let now = Now(
            wall: WallTime(milliseconds: 0),
            monotonic: MonotonicTime(nanoseconds: 0)
        )
        for (path, body, reason) in [
            ("/openai/deployments/a/chat/completions", #"{"model":"a"}"#, Reason.allowed),
            ("/openai/deployments/b/chat/completions", #"{"model":"a"}"#, .modelNotAllowed),
            ("/openai/deployments/a/chat/completions", #"{"model":"b"}"#, .modelNotAllowed),
        ] {
            var request = CheckRequest()
            try fill(&request, path: path, body: body, GatewayConfiguration(), route: nil)
            let verdict = Decide.verdict(
                on: request,
                by: DecisionSubject(rules: rules, chain: MeterChain(key: meter)),
                price: .unknown(.allowFree),
                at: now,
                reservation: ReservationID(rawValue: 1)
            )
            #expect(verdict.reason == reason)
        }
    }

    @Test("A path that is not what it seems says nothing for sure about the action either")
    func disguisedAction() throws {
        for (path, isUnreadable) in [
            ("/v1beta/models/a:generateContent", false),
            ("/v1beta/models/a%3AgenerateContent", true),
            ("/v1/chat%2Fcompletions", true),
        ] {
            var request = CheckRequest()
            try fill(&request, path: path, body: "{}", GatewayConfiguration(), route: nil)
            #expect(request.isUnreadable(.action) == isUnreadable)
        }
    }

    private func found(
        path: String,
        body: String,
        _ configuration: GatewayConfiguration,
        route: String? = nil
    ) throws -> String {
        var request = CheckRequest()
        try fill(&request, path: path, body: body, configuration, route: route)
        if request.isUnreadable(.model) { return "unreadable" }
        let names = [text(request[.model]), text(request.otherModel)]
        return names.filter { !$0.isEmpty }.joined(separator: " ")
    }

    private func text(_ span: Span<UInt8>) -> String {
        String(decoding: span.indices.map { span[$0] }, as: UTF8.self)
    }

    private func fill(
        _ request: inout CheckRequest,
        path: String,
        body: String,
        _ configuration: GatewayConfiguration,
        route: String?
    ) throws {
        // HttpRequest { path = 4, raw_body = 12 }, Request { http = 2 }, AttributeContext
        // { request = 4, context_extensions = 10 }, CheckRequest { attributes = 1 }
        let http = field(4, Array(path.utf8)) + field(12, Array(body.utf8))
        var attributes = field(4, field(2, http))
        if let route {
            attributes += field(10, field(1, Array("model".utf8)) + field(2, Array(route.utf8)))
        }
        let message = field(1, attributes)
        let translation = try EnvoyTranslation(message.span, configuration)
        var scratch = TextBuffer(capacity: 1024)
        try translation.fill(&request, models: ModelCatalogue([]), scratch: &scratch)
    }

    /// A length-delimited field.
    private func field(_ number: UInt8, _ payload: [UInt8]) -> [UInt8] {
        var length: [UInt8] = []
        var left = payload.count
        while left >= 0x80 {
            length.append(UInt8(left & 0x7F) | 0x80)
            left >>= 7
        }
        return [number << 3 | 2] + length + [UInt8(left)] + payload
    }
}
