import CProtobufC
import CTollgateProto
import Testing
import TollgateCore

@testable import TollgateWire

@Suite("The native report of usage")
struct NativeSettleTests {
    /// What a report says, in a form that two readers can be compared in.
    private struct Reading: Equatable {
        var reservation = ""
        var texts: [[UInt8]] = []
        var numbers: [UInt64] = []
        var isCancelled = false
    }

    private func pull(_ message: [UInt8]) throws(WireError) -> Reading {
        var settlement = Settlement()
        try NativeSettleRequest.read(message.span, into: &settlement)
        var reading = Reading()
        reading.reservation = "\(settlement.reservation)"
        var start = 0
        for field in Settlement.Field.allCases {
            let end = start + Int(settlement.lengths[field.rawValue])
            reading.texts.append(array(settlement.text.bytes.extracting(start..<end)))
            start = end
        }
        let tokens = settlement.tokens
        reading.numbers = [
            tokens.input, tokens.output, tokens.cachedInput, UInt64(settlement.status),
            UInt64(settlement.latency),
        ]
        reading.isCancelled = settlement.isCancelled
        return reading
    }

    /// What protobuf-c finds, nil when the report is to be refused.
    private func oracle(_ message: [UInt8]) -> Reading? {
        guard let unpacked = tollgate__v1__settle_request__unpack(nil, message.count, message)
        else { return nil }
        defer { tollgate__v1__settle_request__free_unpacked(unpacked, nil) }
        let read = unpacked.pointee
        var reading = Reading()
        let name = copy(read.reservation_id)
        // What cannot be an id of ours is read as none.
        let id = ReservationID(name.span) ?? .none
        reading.reservation = "\(id)"
        reading.texts = [read.model, read.provider, read.supplier, read.region].map { copy($0) }
        let tokens = [read.input_tokens, read.output_tokens, read.cached_input_tokens]
        reading.numbers = tokens + [UInt64(read.status), UInt64(read.latency_ms)]
        reading.isCancelled = read.cancelled != 0
        let isSound =
            !name.isEmpty && isPlainText(name)
            && reading.texts.allSatisfy { $0.count <= 256 && isPlainText($0) }
            && tokens.allSatisfy { $0 <= 1 << 40 }
            && (read.status == 0 || (100...999).contains(read.status))
        return isSound ? reading : nil
    }

    private func isPlainText(_ bytes: [UInt8]) -> Bool {
        EnvoyOracle.isText(bytes) && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
    }

    private static let id = Array("\(ReservationID(rawValue: 77))".utf8)

    @Test("Every field arrives, whatever their order")
    func order() throws {
        var random = SeededGenerator(seed: 5)
        let expected = Reading(
            reservation: "\(ReservationID(rawValue: 77))",
            texts: (2...5).map { Array("text \($0)".utf8) },
            numbers: [6, 7, 8, 209, 10],
            isCancelled: true
        )
        for _ in 0..<200 {
            var output = OutputBuffer()
            for field in (1...11 as ClosedRange<UInt32>).shuffled(using: &random) {
                switch field {
                case 1: output.appendElement(field, bytes: Self.id.span)
                case 2...5: output.appendElement(field, text: "text \(field)")
                case 9: output.appendElement(field, unsigned: 209)
                default: output.appendElement(field, unsigned: UInt64(field))
                }
            }
            #expect(try pull(array(output.bytes)) == expected)
        }
    }

    @Test("Of a field that comes again the last one counts")
    func lastWins() throws {
        var output = OutputBuffer()
        output.appendElement(1, text: "no id")
        for _ in 0..<100 { output.appendElement(2, text: String(repeating: "x", count: 256)) }
        output.appendElement(6, unsigned: .max)
        output.appendElement(2, text: "gpt-4o")
        output.appendElement(6, unsigned: 5)
        output.appendElement(1, bytes: Self.id.span)
        let reading = try pull(array(output.bytes))
        #expect(reading.texts[0] == Array("gpt-4o".utf8))
        #expect(reading.numbers[0] == 5)
    }

    @Test("Random reports, sound and damaged, are read as protobuf-c reads them")
    func differential() {
        var random = SeededGenerator(seed: 9)
        var accepted = 0
        var refused = 0
        for _ in 0..<10_000 {
            let message = message(&random)
            let reading = try? pull(message)
            #expect(reading == oracle(message), "\(message)")
            if reading == nil { refused += 1 } else { accepted += 1 }
        }
        // The messages must be worth something, or the test could not fail.
        #expect(accepted > 2000)
        #expect(refused > 1500)
    }

    private func message(_ random: inout SeededGenerator) -> [UInt8] {
        let texts: [[UInt8]] = [
            Array("gpt-4o".utf8), [], Array("größe".utf8), [UInt8](repeating: 0x61, count: 256),
            [UInt8](repeating: 0x61, count: 257), [0], [0xFF], [0x0A],
        ]
        let numbers: [UInt64] = [0, 1, 200, 500, 999, 1 << 40, 1 << 40 + 1, 1000, .max, 1 << 63]
        func isBad() -> Bool { Int.random(in: 0..<20, using: &random) == 0 }
        var output = OutputBuffer()
        let id = isBad() ? texts[0] : Self.id
        output.appendElement(1, bytes: id.span)
        for field in 2...11 as ClosedRange<UInt32> where Bool.random(using: &random) {
            if field <= 5 {
                let text = texts[
                    isBad() ? 4 + Int(field) % 4 : Int.random(in: 0..<4, using: &random)
                ]
                output.appendElement(field, bytes: text.span)
            } else {
                let place = isBad() ? Int.random(in: 5..<10, using: &random) : 2 + Int(field) % 3
                output.appendElement(field, unsigned: numbers[place])
            }
        }
        var bytes = array(output.bytes)
        if Int.random(in: 0..<4, using: &random) == 0, !bytes.isEmpty {
            bytes[Int.random(in: bytes.indices, using: &random)] ^=
                1
                << UInt8.random(
                    in: 0..<8,
                    using: &random
                )
        }
        return bytes
    }

    @Test(
        "The answer is what protobuf-c reads",
        arguments: [
            (.applied, "applied"), (.duplicate, "duplicate"), (.late, "late"),
        ] as [(SettlementOutcome.Kind, String)],
        [0, 1, Int64.max]
    )
    func answer(outcome: (SettlementOutcome.Kind, String), cost: Int64) throws {
        var output = OutputBuffer()
        NativeSettleResponse.write(
            SettlementOutcome(outcome.0, cost: Money(nanos: cost)),
            to: &output
        )
        let bytes = array(output.bytes)
        let answer = try #require(tollgate__v1__settle_response__unpack(nil, bytes.count, bytes))
        defer { tollgate__v1__settle_response__free_unpacked(answer, nil) }
        #expect(copy(answer.pointee.outcome) == Array(outcome.1.utf8))
        #expect(answer.pointee.cost_nanos == cost)
    }
}
