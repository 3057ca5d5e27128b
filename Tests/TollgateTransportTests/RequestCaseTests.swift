internal import Foundation
internal import HTTP2Testing
internal import Testing
internal import TollgateTransport

@Suite("Headers and bodies")
struct RequestCaseTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let replacing: [(String, String)]
        let body: [UInt8]
        let httpStatus: String
        let grpcStatus: String

        var testDescription: String { name }
    }

    static let cases: [Case] = {
        let path = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "Cases/requests.txt")
        guard let text = try? String(contentsOf: path, encoding: .utf8) else { return [] }
        return text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { line in
            let fields = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            return Case(
                name: fields[0],
                replacing: replacements(fields[1]),
                body: bytes(fields[2]),
                httpStatus: fields[3],
                grpcStatus: fields[4]
            )
        }
    }()

    /// A replaced value may itself contain a semicolon, so only a known name begins a new one.
    private static func replacements(_ text: String) -> [(String, String)] {
        let known = /(:method|:path|content-type|grpc-encoding|grpc-timeout|te)=/
        let names = text.matches(of: known)
        let ends = names.dropFirst().map { text.index(before: $0.range.lowerBound) }
        return zip(names, ends + [text.endIndex]).map { name, end in
            (String(name.1), String(text[name.range.upperBound..<end]))
        }
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex)
        return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
            UInt8(String(digits[$0...($0 + 1)]), radix: 16)
        }
    }

    @Test("The table is there")
    func table() {
        #expect(Self.cases.count > 30)
    }

    @Test("Each is answered as the table says, and the connection lives on", arguments: cases)
    func answer(_ row: Case) throws {
        let harness = try Harness()
        let connection = try harness.open()
        let fields = RawFrames.fields(replacing: row.replacing)
        let frames = try connection.exchange(
            row.body.isEmpty
                ? RawFrames.headers(1, fields, ends: true)
                : RawFrames.headers(1, fields) + RawFrames.data(1, row.body)
        )
        let head = frames.ofKind(.headers, stream: 1).first?.fields ?? [:]
        #expect(head[":status"] == row.httpStatus)
        #expect(frames.status(1) ?? "-" == row.grpcStatus)
        if row.grpcStatus == "-" {
            #expect(head["content-type"] == "application/json")
            let text = String(decoding: frames.body(1), as: UTF8.self)
            #expect(text.hasPrefix(#"{"error":{"code":"#))
            #expect(text.hasSuffix(#","status":\#(row.httpStatus)}}"#))
        }
        #expect(frames.last?.ends == true)
        if row.grpcStatus == "12" {
            #expect(frames.first?.fields["grpc-accept-encoding"] == "identity")
        }
        if row.grpcStatus != "0" { #expect(harness.service.callEvents.isEmpty) }
        #expect(try connection.exchange(RawFrames.unary(3)).status(3) == "0")
    }
}
