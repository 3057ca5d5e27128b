internal import Testing
internal import TollgateCrypto

@Suite("SHA-256")
struct SHA256Tests {
    private func digest(_ bytes: [UInt8]) -> SHA256.Digest {
        SHA256.digest(of: bytes.span)
    }

    @Test("The digests are those of FIPS 180 and of another implementation")
    func vectors() throws {
        let cases = try CaseFile.lines("sha256.txt")
        #expect(cases.count == 14)
        for fields in cases {
            let message = CaseFile.bytes(fields[0])
            #expect("\(digest(message))" == fields[1])
        }
    }

    @Test("It does not matter in which pieces the bytes come")
    func pieces() {
        let message = (0..<200).map { UInt8($0) }
        let whole = digest(message)
        for cut in 0...message.count {
            var hash = SHA256()
            hash.update(message.span.extracting(first: cut))
            hash.update(message.span.extracting(droppingFirst: cut))
            #expect(hash.finalize() == whole)
        }
    }

    @Test("A copy goes on by itself, and so does a hash that was finished")
    func copies() {
        let first: [UInt8] = [1, 2, 3]
        let second: [UInt8] = [4, 5]
        var hash = SHA256()
        hash.update(first.span)
        var copy = hash
        copy.update(second.span)
        #expect(hash.finalize() == digest(first))
        #expect(copy.finalize() == digest(first + second))
        hash.update(second.span)
        #expect(hash.finalize() == copy.finalize())
    }

    @Test("A link of a chain is the hash of the 32 bytes before it and of what follows")
    func chain() throws {
        let text: [UInt8] = [1, 2, 3]
        let previous = digest(text)
        var link = SHA256()
        link.update(previous)
        link.update(text.span)
        #expect(link.finalize() == digest(previous.bytes + text))
    }

    @Test("A digest can be made of 32 bytes and of no other number")
    func bytes() {
        let whole = digest([1, 2, 3])
        let bytes = whole.bytes
        let again = SHA256.Digest(bytes: bytes.span)
        let short = SHA256.Digest(bytes: bytes.span.extracting(droppingLast: 1))
        #expect(again == whole)
        #expect(short == nil)
    }
}
