internal import Testing

@testable internal import TollgateAdmin

@Suite("The tally of requests")
struct RequestTallyTests {
    @Test("counts by operation and status, and knows no operation that is not in the table")
    func rows() {
        let tally = RequestTally()
        tally.count("GET", "/v1/keys/{id}", status: 404)
        for _ in 0..<2 { tally.count("GET", "/v1/keys", status: 200) }
        for _ in 0..<3 { tally.count("BREW", nil, status: 404) }
        let rows = tally.family.samples.map { sample in
            sample.labels.map(\.value).joined(separator: " ") + " \(Int(sample.value))"
        }
        #expect(rows == ["GET /v1/keys 200 2", "GET /v1/keys/{id} 404 1", "unknown 404 3"])
    }
}
