import HTTP2Testing
import Testing
import TollgateCore
import TollgateEngine
import TollgateTesting
import TollgateTransport
import TollgateWire

@testable import TollgateGateway

@Suite("Questions by plain HTTP")
struct HTTPAdapterTests {
    private static let head = "POST /authz/v1/check HTTP/1.1\r\nhost: a\r\n"
    private static let bearer = "authorization: Bearer \(GatewayHarness.secret)\r\n"
    private static let facts = #"{"model":"gpt-4o","region":"EU","tokens":10,"metadata":{"a":"b"}}"#

    /// The answer to a request with these headers and this body.
    private func answer(
        _ gateway: GatewayHarness,
        _ headers: String = bearer,
        _ body: [UInt8] = []
    ) throws -> String {
        let connection = try gateway.harness.connect()
        let length = "content-length: \(body.count)\r\n\r\n"
        try connection.send(Array((HTTPAdapterTests.head + headers + length).utf8) + body)
        gateway.harness.tick()
        return String(decoding: try connection.receivedBytes(), as: UTF8.self)
    }

    /// The status of that answer.
    private func status(
        _ gateway: GatewayHarness,
        _ headers: String = bearer,
        _ body: [UInt8] = []
    ) throws -> String {
        String(try answer(gateway, headers, body).dropFirst(9).prefix(3))
    }

    @Test("An answer that is not finished denies")
    func unfinished() {
        var answer = HTTPAnswerWriter()
        answer.begin(status: 200)
        answer.header("x-tollgate-key-id") { $0.append("key") }
        #expect(Array(copying: answer.bytes).starts(with: Array("503".utf8)))
        answer.finish()
        #expect(Array(copying: answer.bytes).starts(with: Array("200".utf8)))
    }

    @Test("A body that is cut off or damaged anywhere never allows more than the whole one")
    func damaged() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey { $0.restrictions.regions.allowed = ["EU"] }
        let whole = Array(HTTPAdapterTests.facts.utf8)
        #expect(try status(gateway, HTTPAdapterTests.bearer, whole) == "200")
        for index in whole.indices {
            let cut = try status(gateway, HTTPAdapterTests.bearer, Array(whole.prefix(index)))
            #expect(["400", "403"].contains(cut))
            var damaged = whole
            damaged[index] = 0
            #expect(try status(gateway, HTTPAdapterTests.bearer, damaged) == "400")
        }
    }

    @Test("An allow has the supplier's credential under its own name, and nothing else has it")
    func suppliers() throws {
        for example in try CaseBlock.read("http-suppliers.txt") {
            let gateway = try GatewayHarness()
            try gateway.addKey(example)
            try gateway.setUpSuppliers(example)
            let headers = example.values("header").map { $0.text + "\r\n" }.joined()
            let body = example.value("body")?.value ?? []
            let text = try answer(gateway, HTTPAdapterTests.bearer + headers, body)
            let lines = text.split(separator: "\r\n").map { String($0) }
            for expected in example.expected {
                #expect(lines.contains(expected), "\(example.title): \(text)")
            }
            let isWithout = !example.expected.contains { $0.contains("secret") }
            #expect(text.contains("secret") != isWithout, "\(example.title)")
        }
    }

    @Test("What cannot be recorded is not allowed")
    func unrecorded() throws {
        let gateway = try GatewayHarness()
        try gateway.addKey()
        #expect(try status(gateway) == "200")
        gateway.journal.fault = .losesAppends(StorageError(.io, "the disk is gone"))
        #expect(try status(gateway) == "503")
    }

    @Test(
        "An option of the query is found whole or not at all",
        arguments: [
            ("?status=403", true), ("?a&status=403", true), ("?status=403&b", true), ("", false),
            ("?", false), ("?status=4030", false), ("?xstatus=403", false), ("?&&", false),
        ]
    )
    func options(query: String, isFound: Bool) {
        #expect(QueryOption.has("status=403", Array(query.utf8).span) == isFound)
    }
}

extension [UInt8] {
    /// The bytes of a span.
    fileprivate init(copying span: Span<UInt8>) {
        self = span.indices.map { span[$0] }
    }
}
