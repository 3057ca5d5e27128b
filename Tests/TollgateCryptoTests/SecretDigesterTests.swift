internal import Testing
internal import TollgateCore
internal import TollgateCrypto

@Suite("Digests of secrets")
struct SecretDigesterTests {
    @Test("The digests are those of RFC 4231 and of another implementation")
    func vectors() throws {
        let cases = try CaseFile.lines("hmac-sha256.txt")
        #expect(cases.count == 22)
        for fields in cases {
            let digester = try SecretDigester(Pepper(CaseFile.bytes(fields[0])))
            let digest = digester.digest(CaseFile.bytes(fields[1]))
            #expect(digest.bytes == CaseFile.bytes(fields[2]))
        }
    }

    @Test("A digest leaves nothing behind for the next one")
    func repetition() throws {
        let digester = try SecretDigester(Pepper.generate())
        let secret = Array("tg_live_something".utf8)
        let other = [UInt8](repeating: 7, count: 500)
        let digest = digester.digest(secret)
        #expect(digester.digest(other) != digest)
        #expect(digester.digest(secret) == digest)
    }

    @Test("Threads that digest at once do not disturb each other")
    func threads() async throws {
        let digester = try SecretDigester(Pepper.generate())
        let secrets = (0..<8).map { [UInt8](repeating: UInt8($0), count: 20 + $0) }
        let alone = secrets.map { digester.digest($0) }
        await withTaskGroup(of: Bool.self) { group in
            for (secret, expected) in zip(secrets, alone) {
                group.addTask {
                    (0..<2_000).allSatisfy { _ in digester.digest(secret) == expected }
                }
            }
            for await isRight in group { #expect(isRight) }
        }
    }

    @Test("Two peppers give two digests of one secret")
    func peppers() throws {
        let first = try SecretDigester(Pepper.generate())
        let second = try SecretDigester(Pepper.generate())
        #expect(first.digest([1, 2, 3]) != second.digest([1, 2, 3]))
    }

    @Test("Neither a description nor a dump shows anything")
    func printing() throws {
        let digester = try SecretDigester(Pepper.generate())
        var text = ""
        dump(digester, to: &text)
        #expect("\(digester)" == "SecretDigester")
        #expect(text == "- SecretDigester #0\n")
    }
}
