internal import Testing
internal import TollgateCrypto

@Suite("Random numbers")
struct RandomTests {
    @Test("The stock repeats nothing over many refills")
    func repetition() throws {
        var pool = try RandomPool()
        var seen: Set<UInt128> = []
        // Numbers of two sizes, so that the end of the stock is met at every place.
        for _ in 0..<20_000 {
            #expect(seen.insert(try pool.uint128()).inserted)
            #expect(seen.insert(UInt128(try pool.uint64())).inserted)
        }
    }

    @Test("No bit of a number is always the same")
    func bits() throws {
        var pool = try RandomPool()
        var ones: UInt128 = 0
        var zeros: UInt128 = 0
        for _ in 0..<200 {
            let number = try pool.uint128()
            ones |= number
            zeros |= ~number
        }
        #expect(ones == .max)
        #expect(zeros == .max)
    }

    @Test("All the bytes are filled, also when there are none")
    func fill() throws {
        // In 32 KiB, a byte that is filled is 0 about 128 times, and 1 as often.
        var bytes = [UInt8](repeating: 0, count: 32_768)
        var span = bytes.mutableSpan
        try SecureRandom.fill(&span)
        #expect(Set(bytes.prefix(16_384)).count == 256)
        #expect(Set(bytes.suffix(16_384)).count == 256)
        #expect(bytes.suffix(16).contains { $0 != 0 })
        var nothing: [UInt8] = []
        var empty = nothing.mutableSpan
        try SecureRandom.fill(&empty)
    }

    @Test("Two numbers differ")
    func numbers() throws {
        #expect(try SecureRandom.uint128() != SecureRandom.uint128())
    }
}
