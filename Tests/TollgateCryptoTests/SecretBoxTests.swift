import Testing
import TollgateCrypto

@Suite("A secret box")
struct SecretBoxTests {
    private static let text = Array("sk-the-credential".utf8)
    private static let context = Array("supplier a 1".utf8)

    private func box(_ hexadecimal: String) throws -> SecretBox {
        try SecretBox(try Pepper(text: String(repeating: hexadecimal, count: 32)))
    }

    @Test("opens what it has sealed, also after a restart under the same pepper")
    func opening() throws {
        let sealed = try box("5a").seal(Self.text, context: Self.context)
        #expect(try box("5a").open(sealed, context: Self.context) == Self.text)
        #expect(try box("5a").open(try box("5a").seal([], context: []), context: []) == [])
    }

    @Test("opens nothing under another pepper or for another context")
    func strangers() throws {
        let sealed = try box("5a").seal(Self.text, context: Self.context)
        #expect(try box("5b").open(sealed, context: Self.context) == nil)
        #expect(try box("5a").open(sealed, context: Array("supplier a 2".utf8)) == nil)
        #expect(try box("5a").open(sealed, context: []) == nil)
    }

    @Test("notices every changed bit and every missing byte")
    func damage() throws {
        let box = try box("5a")
        let sealed = try box.seal(Self.text, context: Self.context)
        for index in sealed.indices {
            for bit in 0..<8 {
                var changed = sealed
                changed[index] ^= 1 << UInt8(bit)
                #expect(try box.open(changed, context: Self.context) == nil)
            }
            #expect(try box.open(Array(sealed[..<index]), context: Self.context) == nil)
        }
        #expect(try box.open(sealed + [0], context: Self.context) == nil)
    }

    @Test("never seals alike, and shows neither text nor key")
    func hiding() throws {
        let box = try box("5a")
        let boxes = try (0..<100).map { _ in try box.seal(Self.text, context: Self.context) }
        #expect(Set(boxes).count == 100)
        #expect(boxes.allSatisfy { !$0.contains(subsequence: Self.text) })
        #expect("\(box)" == "SecretBox")
        #expect(throws: CryptoError.self) {
            try box.seal([UInt8](repeating: 0, count: SecretBox.textLimit + 1), context: [])
        }
    }
}

extension [UInt8] {
    fileprivate func contains(subsequence other: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: other) }
    }
}
