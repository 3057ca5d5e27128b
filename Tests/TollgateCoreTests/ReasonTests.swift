internal import Testing
internal import TollgateCore

@Suite("Reasons")
struct ReasonTests {
    @Test("keep their number, code and status for good")
    func table() throws {
        let lines = Reason.allCases.map { "\($0.rawValue)\t\($0.httpStatus)\t\($0.code)" }
        let expected = try CaseFiles.lines("reasons.tsv").filter { !$0.isEmpty && $0.first != "#" }
        #expect(lines == expected.map(String.init))
    }

    @Test("are found by their code, and by nothing else", arguments: Reason.allCases)
    func codes(_ reason: Reason) {
        #expect(Reason(code: "\(reason.code)") == reason)
        if reason != .allowed {
            #expect(Reason(code: "\(reason.code)".uppercased()) == nil)
            #expect(Reason(code: "\(reason.code) ") == nil)
        }
    }

    @Test("say something to a person, in one sentence", arguments: Reason.allCases)
    func messages(_ reason: Reason) {
        let message = "\(reason.message)"
        #expect(message.hasSuffix("."))
        #expect(message.dropLast().firstIndex(of: ".") == nil)
        #expect(message.allSatisfy { $0.isASCII && $0 >= " " })
    }

    @Test("are few enough for a table with a place for each number below 64")
    func numbers() {
        #expect(Reason.allCases.allSatisfy { $0.rawValue < 64 })
    }
}
