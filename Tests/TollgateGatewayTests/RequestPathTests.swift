import Testing

@testable import TollgateGateway

struct RequestPathTests {
    @Test(
        "What a path says is what the table says",
        arguments: try CaseFile.rows("paths.txt", columns: 5)
    )
    func table(row: [String]) {
        let bytes = Array(row[0].utf8)
        let path = RequestPath(bytes.span)
        #expect((path.action.map { "\($0)" } ?? "") == row[1])
        #expect(String(decoding: bytes[path.model], as: UTF8.self) == row[2])
        #expect(path.isStream == (row[3] == "yes"))
        #expect(path.generates == (row[4] == "yes"))
    }

    @Test("No path, however mangled, is out of bounds")
    func mangled() {
        let text = "/v1/models/a%:b?//deployments/x:generateContent/model/:/completions"
        for start in text.utf8.indices {
            for end in text.utf8.indices where end >= start {
                let bytes = Array(text.utf8[start..<end])
                let path = RequestPath(bytes.span)
                #expect(path.model.upperBound <= bytes.count)
            }
        }
    }

    @Test(
        "A name of any length is looked at without harm",
        arguments: [1, 1000, 1024, 1025, 65_535, 65_536, 1_000_000]
    )
    func long(count: Int) {
        for letter in ["a", "%61", "a:", "%3A"] {
            let name = String(repeating: letter, count: count / letter.utf8.count + 1)
            let bytes = Array("/v1beta/models/\(name)%20/x".utf8)
            #expect(RequestPath(bytes.span).model.upperBound <= bytes.count)
        }
    }
}
