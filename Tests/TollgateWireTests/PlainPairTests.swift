internal import Testing
internal import TollgateCore

@testable internal import TollgateWire

/// The one step over an entry of a map, against what the reader's own steps find.
@Suite("The wire reader on pairs")
struct PlainPairTests {
    /// The texts of the pair at the start of the bytes, nil when the step is not taken.
    private func pair(_ bytes: [UInt8]) throws -> [[UInt8]]? {
        let message = bytes.span
        var reader = try WireReader(message)
        guard let (key, value) = reader.nextPlainPair(tagged: 0x1A, in: message) else {
            // What is not taken is still to be read.
            var untouched = try WireReader(message)
            let expected = Result { try untouched.next(in: message) }
            let actual = Result { try reader.next(in: message) }
            #expect((try? expected.get()) == (try? actual.get()))
            #expect(reader.field == untouched.field)
            return nil
        }
        return [key, value].map { range in
            Array(bytes[Int(range.start)..<Int(range.start + range.count)])
        }
    }

    @Test("A plain pair is taken, however short its texts")
    func plain() throws {
        #expect(try pair([0x1A, 4, 0x0A, 0, 0x12, 0]) == [[], []])
        #expect(try pair([0x1A, 7, 0x0A, 2, 65, 66, 0x12, 1, 67]) == [[65, 66], [67]])
        let long = [UInt8](repeating: 65, count: 122)
        #expect(try pair([0x1A, 127, 0x0A, 122] + long + [0x12, 1, 67]) == [long, [67]])
    }

    @Test("What follows a pair is the next field")
    func following() throws {
        let bytes: [UInt8] = [0x1A, 4, 0x0A, 0, 0x12, 0, 0x28, 7]
        let message = bytes.span
        var reader = try WireReader(message)
        #expect(reader.nextPlainPair(tagged: 0x1A, in: message) != nil)
        #expect(try reader.next(in: message))
        #expect(reader.field == 5)
        #expect(try reader.unsigned() == 7)
    }

    @Test(
        "Anything else is left to be read in steps",
        arguments: [
            [],
            [0x1A, 4, 0x0A, 0, 0x12],
            // Of another tag.
            [0x22, 4, 0x0A, 0, 0x12, 0],
            // Another order, and a third field.
            [0x1A, 4, 0x12, 0, 0x0A, 0],
            [0x1A, 6, 0x0A, 0, 0x12, 0, 0x1A, 0],
            // The pair, its key or its value reaches too far.
            [0x1A, 5, 0x0A, 0, 0x12, 0],
            [0x1A, 4, 0x0A, 1, 0x12, 0, 0],
            [0x1A, 4, 0x0A, 0, 0x12, 1, 0],
            [0x1A, 4, 0x0A, 127, 0x12, 0],
            // The value ends before the pair does.
            [0x1A, 5, 0x0A, 0, 0x12, 0, 0],
            // Lengths of more than one byte.
            [0x1A, 0x84, 0, 0x0A, 0, 0x12, 0],
            [0x1A, 5, 0x0A, 0x80, 0, 0x12, 0],
            [0x1A, 5, 0x0A, 0, 0x12, 0x80, 0],
        ] as [[UInt8]]
    )
    func others(bytes: [UInt8]) throws {
        #expect(try pair(bytes) == nil)
    }
}
