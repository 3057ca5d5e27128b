internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("Text")
struct TextTests {
    @Test("is what Swift calls UTF-8, without control characters: every sequence of 1 to 3 bytes")
    func shortSequences() {
        var wrong: [[UInt8]] = []
        for first in UInt8.min...UInt8.max {
            check([first], &wrong)
            for second in UInt8.min...UInt8.max {
                check([first, second], &wrong)
                // Where two bytes are neither text nor the start of any, no third can mend them, and
                // where a character ends before the third, the rest was seen already.
                guard (0xE0...0xEF).contains(first), (0x80...0xBF).contains(second) else {
                    check([first, second, 0x80], &wrong)
                    continue
                }
                for third in UInt8.min...UInt8.max { check([first, second, third], &wrong) }
            }
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    @Test("is what Swift calls UTF-8, without control characters: sequences of 4 bytes")
    func longSequences() {
        var random = SeededGenerator(seed: 3)
        var wrong: [[UInt8]] = []
        let edges: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
        for lead in UInt8(0xE0)...0xFF {
            for second in edges {
                for third in edges {
                    for fourth in edges { check([lead, second, third, fourth], &wrong) }
                }
            }
        }
        for _ in 0..<100_000 {
            var bytes = random.bytes(4)
            if random.isOnce(in: 2) {
                bytes[0] = 0xF0 | bytes[0] & 7
                for index in 1..<4 { bytes[index] = 0x80 | bytes[index] & 0x3F }
            }
            check(bytes, &wrong)
        }
        #expect(wrong.isEmpty, "\(wrong.prefix(5))")
    }

    @Test("may be cut off nowhere within a character")
    func cuts() {
        let whole = Array("a€𝄞é".utf8)
        let valid = (0...whole.count).filter { isValid(Array(whole[..<$0])) }
        #expect(valid == [0, 1, 4, 8, 10])
    }

    @Test("is equal when the bytes are")
    func equality() {
        func equal(_ left: String, _ right: String) -> Bool {
            let left = Array(left.utf8)
            let right = Array(right.utf8)
            return Text.equal(left.span, right.span)
        }
        #expect(equal("", ""))
        #expect(equal("models:list", "models:list"))
        #expect(!equal("models:list", "models:lisT"))
        #expect(!equal("models:list", "models:lis"))
        #expect(!equal("é", "e\u{301}"))
        func equal(_ left: String, _ right: StaticString) -> Bool {
            let left = Array(left.utf8)
            return Text.equal(left.span, right)
        }
        #expect(equal("models:list", Action.listModels))
        #expect(!equal("models:list", Action.chatStream))
        #expect(!equal("models:lisT", Action.listModels))
        #expect(!equal("", Action.listModels))
    }

    @Test("has small letters for ASCII capitals, and every other byte stays")
    func lowercase() {
        for byte in UInt8.min...UInt8.max {
            let isCapital = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            #expect(Text.lowercase(byte) == (isCapital ? byte + 32 : byte))
        }
    }

    private func isValid(_ bytes: [UInt8]) -> Bool {
        Text.isValid(bytes.span)
    }

    private func check(_ bytes: [UInt8], _ wrong: inout [[UInt8]]) {
        let hasControls = bytes.contains { $0 < 0x20 || $0 == 0x7F }
        let expected = !hasControls && String(validating: bytes, as: UTF8.self) != nil
        if isValid(bytes) != expected { wrong.append(bytes) }
    }
}
