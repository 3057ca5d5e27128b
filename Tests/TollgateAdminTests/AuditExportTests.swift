internal import Testing
internal import TollgateCore
internal import TollgateEngine

@testable internal import TollgateAdmin

@Suite("An export of the audit log")
struct AuditExportTests {
    private let harness: AdminHarness

    init() throws {
        harness = try AdminHarness()
    }

    /// Records actions on targets that are numbered.
    private func record(_ numbers: Range<Int>) throws {
        for number in numbers {
            try harness.engine.record(ManagementAction("key.updated", by: nil, on: "\(number)"))
        }
    }

    @Test(
        "ends with what was recorded when it began, however much is recorded meanwhile",
        arguments: [true, false]
    )
    func end(isOldestFirst: Bool) throws {
        try record(0..<1500)
        var query = AuditQuery()
        query.kinds = .management
        query.isOldestFirst = isOldestFirst
        let export = AuditExport(query, limit: nil, as: .json, harness.services())
        var bytes: [UInt8] = []
        var next = 1500
        for _ in 0..<10 {
            try record(next..<next + 1000)
            next += 1000
            guard let piece = try export.next() else { break }
            bytes += piece
        }
        guard case .array(let logs)? = try JSONParser.value(of: bytes)["logs"] else {
            Issue.record("no list")
            return
        }
        let targets = logs.compactMap { $0["target"]?.string }
        let expected = (0..<1500).map { "\($0)" }
        #expect(targets == (isOldestFirst ? expected : expected.reversed()))
        #expect(try export.next() == nil)
    }
}
