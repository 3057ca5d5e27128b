internal import Testing
internal import TollgateCore

@Suite("A text buffer")
struct TextBufferTests {
    @Test("takes bytes up to its capacity, and nothing of what does not fit")
    func bounds() {
        var buffer = TextBuffer(capacity: 8)
        #expect(append(&buffer, "abc") == TextRange(start: 0, count: 3))
        #expect(append(&buffer, "defghi") == nil)
        #expect(string(buffer) == "abc")
        #expect(append(&buffer, "") == TextRange(start: 3, count: 0))
        #expect(append(&buffer, "defgh") == TextRange(start: 3, count: 5))
        #expect(append(&buffer, "x") == nil)
        let isTaken = buffer.append(UInt8(ascii: "x"))
        #expect(!isTaken)
        #expect(append(&buffer, "") == TextRange(start: 8, count: 0))
        #expect(string(buffer) == "abcdefgh")
    }

    @Test("finds every range again, also the empty ones")
    func ranges() throws {
        var buffer = TextBuffer(capacity: 100)
        let words = ["alpha", "", "beta", "γ"]
        var places: [TextRange] = []
        for word in words { places.append(try #require(append(&buffer, word))) }
        for (word, place) in zip(words, places) { #expect(string(buffer, place) == word) }
        #expect(string(buffer, .empty) == "")
    }

    @Test("is filled and emptied again and again")
    func reuse() {
        var buffer = TextBuffer(capacity: 4)
        for _ in 0..<100 {
            #expect(append(&buffer, "wxyz") == TextRange(start: 0, count: 4))
            buffer.truncate(to: 1)
            #expect(string(buffer) == "w")
            buffer.removeAll()
            #expect(string(buffer) == "")
        }
    }

    @Test("overwrites a secret when it is wiped")
    func wipe() throws {
        var buffer = TextBuffer(capacity: 16)
        _ = append(&buffer, "top secret")
        let start = buffer.bytes.withUnsafeBufferPointer { $0.baseAddress }
        let memory = UnsafeBufferPointer(start: try #require(start), count: 10)
        #expect(Array(memory) == Array("top secret".utf8))
        buffer.wipe()
        // The buffer still owns this memory, so it may be looked at behind the buffer's back.
        #expect(Array(memory) == [UInt8](repeating: 0, count: 10))
        #expect(string(buffer) == "")
    }

    @Test("ends the process rather than lend bytes that are not in use")
    func outOfBounds() async {
        await #expect(processExitsWith: .failure) {
            var buffer = TextBuffer(capacity: 8)
            _ = buffer.append(1)
            _ = buffer.bytes(in: TextRange(start: 0, count: 2)).count
        }
        await #expect(processExitsWith: .failure) {
            var buffer = TextBuffer(capacity: 8)
            buffer.truncate(to: 1)
        }
        await #expect(processExitsWith: .failure) {
            _ = TextBuffer(capacity: 65_536).capacity
        }
    }

    private func append(_ buffer: inout TextBuffer, _ text: String) -> TextRange? {
        let bytes = Array(text.utf8)
        return buffer.append(bytes.span)
    }

    private func string(_ buffer: borrowing TextBuffer, _ range: TextRange? = nil) -> String {
        let whole = TextRange(start: 0, count: UInt16(buffer.count))
        return buffer.bytes(in: range ?? whole).withUnsafeBufferPointer {
            String(decoding: $0, as: UTF8.self)
        }
    }
}
