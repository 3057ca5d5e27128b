import Testing
import TollgateCore

@testable import TollgateWire

@Suite("The wire reader")
struct WireReaderTests {
    /// The fields of a message, `number:payload` each.
    private func fields(_ bytes: [UInt8]) throws(WireError) -> [String] {
        let message = bytes.span
        var reader = try WireReader(message)
        var fields: [String] = []
        while try reader.next(in: message) {
            switch reader.type {
            case .varint: fields.append("\(reader.field):\(try reader.unsigned())")
            case .lengthDelimited:
                fields.append("\(reader.field):\(text(message.bytes(in: try reader.range())))")
            case .fixed64: fields.append("\(reader.field):\(try reader.double())")
            case .fixed32: fields.append("\(reader.field):fixed32")
            }
        }
        return fields
    }

    @Test("Fields of every type come in their order")
    func types() throws {
        #expect(try fields([]) == [])
        #expect(try fields([0x08, 0x00, 0x12, 2, 0x61, 0x62]) == ["1:0", "2:ab"])
        #expect(try fields([0x09, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F]) == ["1:1.5"])
        #expect(try fields([0x1D, 1, 2, 3, 4]) == ["3:fixed32"])
        let largest: [UInt8] = [0xF8, 0xFF, 0xFF, 0xFF, 0x0F, 1]
        #expect(try fields(largest) == ["536870911:1"])
        let most = [0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x01]
        #expect(try fields(most) == ["1:\(UInt64.max)"])
        // Longer than needed, but no more than there may be.
        #expect(try fields([0x88, 0x00, 0x81, 0x80, 0x00]) == ["1:1"])
    }

    @Test(
        "What no encoder writes is refused",
        arguments: [
            // Field 0; groups; wire types 6 and 7; a tag of 6 bytes; a tag above 32 bits.
            ([0x00, 0x00], .malformed), ([0x02, 0x00], .malformed), ([0x0B], .malformed),
            ([0x0C], .malformed), ([0x0E], .malformed), ([0x0F], .malformed),
            ([0x88, 0x80, 0x80, 0x80, 0x80, 0x00, 0x00], .malformed),
            ([0xF8, 0xFF, 0xFF, 0xFF, 0x1F, 1], .malformed),
            // A varint of 11 bytes, and one of 10 that does not fit.
            ([0x08] + [UInt8](repeating: 0x80, count: 10) + [0], .malformed),
            ([0x08] + [UInt8](repeating: 0xFF, count: 9) + [0x02], .malformed),
            // Ends everywhere.
            ([0x88], .truncated), ([0x08], .truncated), ([0x08, 0x80], .truncated),
            ([0x0A], .truncated), ([0x0A, 1], .truncated), ([0x0A, 0x80], .truncated),
            ([0x09, 1, 2, 3, 4, 5, 6, 7], .truncated), ([0x0D, 1, 2, 3], .truncated),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], .truncated),
            ([0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x1F], .malformed),
        ] as [([UInt8], WireError)]
    )
    func refusals(bytes: [UInt8], error: WireError) {
        #expect(throws: error) { try fields(bytes) }
    }

    @Test("A message may lie 32 levels deep and no deeper")
    func depth() throws {
        func descend(_ levels: Int) throws(WireError) {
            var bytes: [UInt8] = []
            for _ in 1..<levels { bytes = [0x0A, UInt8(bytes.count)] + bytes }
            let message = bytes.span
            var reader = try WireReader(message)
            while try reader.next(in: message) { reader = try reader.message() }
        }
        #expect(throws: Never.self) { try descend(32) }
        #expect(throws: WireError.tooDeep) { try descend(33) }
    }

    @Test("A field of another type than the asked one is refused")
    func wrongTypes() throws {
        let bytes: [UInt8] = [0x08, 1, 0x12, 0]
        let message = bytes.span
        var reader = try WireReader(message)
        _ = try reader.next(in: message)
        let number = reader
        #expect(throws: WireError.wrongType) { try number.range() }
        #expect(throws: WireError.wrongType) { try number.double() }
        _ = try reader.next(in: message)
        let empty = reader
        #expect(throws: WireError.wrongType) { try empty.unsigned() }
        #expect(try empty.range().isEmpty)
    }

    @Test("Text is UTF-8 without NUL, wherever in it the fault is")
    func texts() {
        func isText(_ bytes: [UInt8]) -> Bool {
            WireText.isValid(bytes.span, from: 0, to: bytes.count)
        }
        let faults: [[UInt8]] = [
            [0], [0x80], [0xFF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF],
            [0xED, 0xA0, 0x80],
            [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xC3],
            [0xE2, 0x82], [0xF0, 0x9F, 0x92], [0xE2, 0x28, 0xA1],
        ]
        for before in 0..<20 {
            for after in 0..<10 {
                let start = [UInt8](repeating: 0x61, count: before)
                let end = [UInt8](repeating: 0x7F, count: after)
                #expect(isText(start + Array("é€💡\t".utf8) + end))
                for fault in faults { #expect(!isText(start + fault + end)) }
            }
        }
    }
}

@Suite("The output buffer")
struct OutputBufferTests {
    @Test("Elements of any length get the length they have")
    func lengths() throws {
        for count in [0, 1, 126, 127, 128, 129, 16_383, 16_384, 70_000] {
            var output = OutputBuffer(capacity: 1)
            output.appendElement(1) { inner in
                inner.appendElement(2) { for _ in 0..<count { $0.append(0x61) } }
            }
            let message = output.bytes
            var reader = try WireReader(message)
            #expect(try reader.next(in: message))
            var inner = try reader.message()
            #expect(try inner.next(in: message))
            #expect(inner.field == 2)
            #expect(try inner.range().count == UInt32(count))
            #expect(try !inner.next(in: message))
            #expect(try !reader.next(in: message))
        }
    }

    @Test("Ids are written as they describe themselves")
    func ids() {
        for value: UInt128 in [0, 1, 0x0123_4567_89AB_CDEF_0011_2233_4455_6677, .max] {
            var output = OutputBuffer()
            output.append(KeyID(rawValue: value))
            output.append(ReservationID(rawValue: value))
            #expect(
                text(output.bytes) == "\(KeyID(rawValue: value))\(ReservationID(rawValue: value))"
            )
        }
    }

    @Test("Numbers are written in decimal")
    func decimal() {
        for number: UInt64 in [0, 9, 10, 99, 100, 12_345_678_901_234_567_890, .max] {
            var output = OutputBuffer()
            output.appendDecimal(number)
            #expect(text(output.bytes) == "\(number)")
        }
    }
}
