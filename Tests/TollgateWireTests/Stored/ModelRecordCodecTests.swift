import Testing
import TollgateCore

@testable import TollgateWire

@Suite("Stored models")
struct ModelRecordCodecTests {
    private func roundTrip(_ stored: StoredModel) throws -> StoredModel {
        try ModelRecordCodec.decode(ModelRecordCodec.encode(stored).span)
    }

    private func expectSame(
        _ model: Model,
        _ sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        guard case .model(let read) = try roundTrip(.model(model)) else {
            Issue.record("no model", sourceLocation: sourceLocation)
            return
        }
        #expect(read.id == model.id, sourceLocation: sourceLocation)
        #expect(read.provider == model.provider, sourceLocation: sourceLocation)
        #expect(read.aliases == model.aliases, sourceLocation: sourceLocation)
        #expect(read.maximumOutput == model.maximumOutput, sourceLocation: sourceLocation)
        #expect(read.price == model.price, sourceLocation: sourceLocation)
        #expect(read.suppliers == model.suppliers, sourceLocation: sourceLocation)
    }

    @Test("A model comes back as it was, with everything, with nothing, and with zeros")
    func models() throws {
        try expectSame(Model(id: "a", provider: "p"))
        try expectSame(
            Model(
                id: "vendor/größe",
                provider: "p",
                aliases: ["b", "c"],
                maximumOutput: 0,
                price: ModelPrice(input: 0, output: 0, cachedInput: 0),
                suppliers: [ModelSupplier(name: "eu", region: "EU"), ModelSupplier(name: "x")]
            )
        )
        try expectSame(
            Model(
                id: "a",
                provider: "p",
                maximumOutput: .max,
                price: ModelPrice(input: ModelPrice.limit, output: 1)
            )
        )
    }

    @Test("A model that is taken out stays so")
    func removed() throws {
        guard case .removed("gpt-4o") = try roundTrip(.removed("gpt-4o")) else {
            Issue.record("not removed")
            return
        }
    }

    @Test("A price beyond what is taken is refused, and so is a field of a newer version")
    func bad() throws {
        // Prices of 2^40 + 1 for input, for output and for cached input.
        let tooMuch: [UInt8] = [0x81, 0x80, 0x80, 0x80, 0x80, 0x20]
        let prices: [[UInt8]] = [
            [0x32, 7, 0x08] + tooMuch, [0x32, 7, 0x10] + tooMuch,
            [0x32, 9, 0x1A, 7, 0x08] + tooMuch,
        ]
        for bytes in prices {
            #expect(throws: WireError.badValue) { try ModelRecordCodec.decode(bytes.span) }
        }
        // Field 31; the same in a price, in cached input, in a supplier, in the maximum output.
        let newer: [[UInt8]] = [
            [0xF8, 1, 1], [0x32, 3, 0xF8, 1, 1], [0x32, 5, 0x1A, 3, 0xF8, 1, 1],
            [0x3A, 3, 0xF8, 1, 1], [0x2A, 3, 0xF8, 1, 1],
        ]
        for bytes in newer {
            #expect(throws: WireError.unknownField) { try ModelRecordCodec.decode(bytes.span) }
        }
    }
}
