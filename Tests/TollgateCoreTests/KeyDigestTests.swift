internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("Digests")
struct KeyDigestTests {
    @Test("are the same again when they were bytes")
    func roundTrips() throws {
        var random = SeededGenerator(seed: 8)
        for _ in 0..<200 {
            let bytes = random.bytes(32)
            let digest = try #require(parse(bytes))
            #expect(digest.bytes == bytes)
            #expect(parse(digest.bytes) == digest)
        }
    }

    @Test("keep the order of the bytes: the first is the highest of the first word")
    func order() {
        let digest = KeyDigest(words: (0x0102_0304_0506_0708, 0, 0, 0xF0))
        #expect(Array(digest.bytes.prefix(8)) == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(digest.bytes.last == 0xF0)
    }

    @Test("differ when any one bit does")
    func oneBit() throws {
        var random = SeededGenerator(seed: 9)
        let bytes = random.bytes(32)
        let digest = try #require(parse(bytes))
        for bit in 0..<256 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(parse(changed) != digest)
        }
    }

    @Test("have 32 bytes, no more and no less", arguments: [0, 1, 31, 33, 64])
    func length(_ count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(parse(bytes) == nil)
    }

    private func parse(_ bytes: [UInt8]) -> KeyDigest? {
        KeyDigest(bytes: bytes.span)
    }
}
