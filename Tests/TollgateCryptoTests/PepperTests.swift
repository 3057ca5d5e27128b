internal import Testing
internal import TollgateCore
internal import TollgateCrypto

@Suite("Peppers")
struct PepperTests {
    /// What a secret is digested to: the only way to see which pepper it was.
    private func trace(_ pepper: consuming Pepper) throws -> KeyDigest {
        try SecretDigester(pepper).digest([1, 2, 3])
    }

    private let bytes = (0..<32).map { UInt8($0 * 8 + 3) }

    @Test(
        "One pepper can be written in several ways",
        arguments: [
            "030b131b232b333b434b535b636b737b838b939ba3abb3bbc3cbd3dbe3ebf3fb",
            "030B131B232B333B434B535B636B737B838B939BA3ABB3BBC3CBD3DBE3EBF3FB",
            "AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2+Pr8/s=",
            "AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2+Pr8/s",
            "AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2-Pr8_s=",
        ]
    )
    func spellings(_ text: String) throws {
        #expect(try trace(Pepper(text: text)) == trace(Pepper(bytes)))
    }

    @Test(
        "A text that is not exactly 32 bytes is refused, and the error does not repeat it",
        arguments: [
            "",
            "secret",
            "030b131b232b333b434b535b636b737b838b939ba3abb3bbc3cbd3dbe3ebf3",
            "030b131b232b333b434b535b636b737b838b939ba3abb3bbc3cbd3dbe3ebf3fg",
            "030b131b232b333b434b535b636b737b838b939ba3abb3bbc3cbd3dbe3ebf3fb\n",
            "AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2+Pr8/==",
            "AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2+Pr8/t=",
            "AwsTGyMrMztDS1NbY2tze4OLk5ujq7O7w8vT2+Pr8 s=",
        ]
    )
    func refusals(_ text: String) {
        let error = #expect(throws: CryptoError.self) { _ = try Pepper(text: text) }
        #expect(error?.code == .pepper)
        #expect(
            error?.message
                == "a pepper is written as 64 hexadecimal digits or as 32 bytes in base64"
        )
    }

    @Test("Bytes of another number are refused", arguments: [0, 31, 33])
    func lengths(_ count: Int) {
        let bytes = [UInt8](repeating: 1, count: count)
        #expect(throws: CryptoError.self) { _ = try Pepper(bytes) }
    }

    @Test("Two new peppers differ")
    func generation() throws {
        #expect(try trace(Pepper.generate()) != trace(Pepper.generate()))
    }
}
