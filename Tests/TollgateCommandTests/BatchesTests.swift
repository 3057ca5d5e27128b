internal import Testing
internal import TollgateAdmin

@testable internal import tollgate

@Suite("Many entries in batches")
struct BatchesTests {
    private let batches = Batches(name: "test", size: 2)

    @Test("All entries are sent in their order, each once, with their places among all")
    func all() async {
        var sent: [[Int]] = []
        var starts: [Int] = []
        let stop = await batches.send([0, 1, 2, 3, 4]) { batch in
            sent.append(Array(batch))
            starts.append(batch.startIndex)
        }
        #expect(stop == nil)
        #expect(sent == [[0, 1], [2, 3], [4]])
        #expect(starts == [0, 2, 4])
        #expect(await batches.send([Int]()) { _ in Issue.record("nothing is to be sent") } == nil)
    }

    @Test(
        "Where a call fails nothing more is sent, and it is known whether it may have been carried out",
        arguments: [
            (CommandFailure.failed("refused"), false, "refused"),
            (
                APIClient.Trouble(failure: .failed("no server"), isUncertain: false), false,
                "no server"
            ),
            (APIClient.Trouble(failure: .failed("cut off"), isUncertain: true), true, "cut off"),
            (Unexpected(), true, "odd"),
        ] as [(any Error, Bool, String)]
    )
    func stop(error: any Error, isUncertain: Bool, message: String) async {
        var calls = 0
        let stop = await batches.send([0, 1, 2, 3, 4]) { _ in
            calls += 1
            if calls == 2 { throw error }
        }
        #expect(calls == 2)
        #expect(
            stop == Batches.Stop(batch: 2..<4, isUncertain: isUncertain, message: message)
        )
    }

    private struct Unexpected: Error, CustomStringConvertible {
        let description = "odd"
    }

    @Test("What is known, unknown and untouched is told apart, and is all there is")
    func answer() throws {
        let names: [JSONValue] = ["a", "b", "c"]
        func answer(_ stop: Batches.Stop?) -> BulkAnswer {
            var answer = BulkAnswer()
            answer.add(["results": .array([["id": "a", "ok": true, "api_key": "s"]])], behind: 0)
            answer.end(at: stop, of: names)
            return answer
        }
        let lost = answer(Batches.Stop(batch: 1..<2, isUncertain: true, message: "m"))
        #expect(lost.hasSecrets)
        #expect(lost.document["unknown"] == .array(["b"]))
        #expect(lost.document["untouched"] == .array(["c"]))
        #expect(
            BulkTable.lines(lost.document) == [
                "ID  STATUS  API KEY  PROBLEM",
                "a   -       s        -",
                "b   -       -        unknown: there was no answer",
                "1 done, 0 failed, 1 unknown, 1 untouched",
            ]
        )
        let refused = answer(Batches.Stop(batch: 1..<2, isUncertain: false, message: "m"))
        #expect(refused.document["unknown"] == .array([]))
        #expect(refused.document["untouched"] == .array(["b", "c"]))
        #expect(answer(nil).document["unknown"] == nil)
    }

    @Test("Models that are refused are counted from the start of the file")
    func models() {
        func sentence(_ start: Int, _ isUncertain: Bool, _ message: String) -> String {
            ModelsImport.sentence(
                Batches.Stop(
                    batch: start..<(start + 500),
                    isUncertain: isUncertain,
                    message: message
                )
            )
        }
        #expect(
            sentence(500, false, "models[7].id is empty, and models[12] too.")
                == "the first 500 models were imported, then: "
                + "models[507].id is empty, and models[512] too."
        )
        #expect(sentence(0, false, "models[7].id is empty.") == "models[7].id is empty.")
        #expect(
            sentence(500, true, "cut off")
                == "the first 500 models were imported, then: "
                + "it is not known whether the next 500 were: cut off"
        )
    }
}
