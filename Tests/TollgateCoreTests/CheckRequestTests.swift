internal import Testing
internal import TollgateCore
internal import TollgateTesting

@Suite("A request")
struct CheckRequestTests {
    @Test("takes a text of each field's limit, and none that is longer", arguments: fields)
    func limits(_ field: CheckRequest.Field) throws {
        var request = CheckRequest()
        let longest = String(repeating: "x", count: field.limit)
        try request.set(field, to: longest)
        expect(request, field, longest)
        #expect(throws: CheckRequest.Problem.tooLong(field)) { try Self.set(field, longest + "x") }
    }

    @Test("takes the longest texts in all fields at once")
    func allLimits() throws {
        var request = CheckRequest()
        for field in Self.fields {
            try request.set(field, to: String(repeating: "y", count: field.limit))
        }
        for field in Self.fields {
            expect(request, field, String(repeating: "y", count: field.limit))
        }
    }

    @Test("refuses what is not text", arguments: ["a\0", "\n", "\u{7F}"])
    func controlCharacters(_ text: String) {
        for field in Self.fields {
            #expect(throws: CheckRequest.Problem.notText(field)) { try Self.set(field, text) }
        }
    }

    @Test("refuses bad UTF-8 rather than repair it")
    func badBytes() {
        #expect(throws: CheckRequest.Problem.notText(.model)) {
            var request = CheckRequest()
            try request.set(.model, to: ([0x67, 0xFF] as [UInt8]).span)
        }
    }

    @Test("keeps the earlier text when a later one is refused")
    func refusalChangesNothing() throws {
        var request = CheckRequest()
        try request.set(.model, to: "gpt-4o")
        var problem: CheckRequest.Problem?
        do { try request.set(.model, to: "gpt\0") } catch { problem = error }
        #expect(problem == .notText(.model))
        expect(request, .model, "gpt-4o")
    }

    @Test("knows a replaced text by its new one, and other fields stay")
    func replacement() throws {
        var request = CheckRequest()
        try request.set(.model, to: "first")
        try request.set(.region, to: "EU")
        try request.set(.model, to: "second one")
        expect(request, .model, "second one")
        expect(request, .region, "EU")
        try request.set(.model, to: "")
        let hasModel = request.has(.model)
        let hasRegion = request.has(.region)
        #expect(!hasModel)
        #expect(hasRegion)
    }

    @Test("is full after so many replacements, and says so without losing what it has")
    func gaps() throws {
        var request = CheckRequest()
        let text = String(repeating: "z", count: 256)
        for _ in 0..<8 { try request.set(.model, to: text) }
        var problem: CheckRequest.Problem?
        do { try request.set(.model, to: "a") } catch { problem = error }
        #expect(problem == .tooLong(.model))
        expect(request, .model, text)
        request.reset()
        try request.set(.model, to: "a")
        expect(request, .model, "a")
    }

    @Test("tells one secret from two and from none")
    func credentials() {
        #expect(Self.credentials([]) == .missing)
        #expect(Self.credentials(["a"]) == .presented)
        #expect(Self.credentials(["a", "a", "a"]) == .presented)
        #expect(Self.credentials(["a", "b"]) == .ambiguous)
        #expect(Self.credentials(["a", "b", "a"]) == .ambiguous)
        #expect(Self.credentials(["a", "A"]) == .ambiguous)
        #expect(Self.credentials(["a", ""]) == .ambiguous)
        let longest = String(repeating: "s", count: CheckRequest.secretLimit)
        #expect(Self.credentials([longest]) == .presented)
        #expect(Self.credentials([longest + "s"]) == .unusable)
        #expect(Self.credentials([longest + "s", longest + "s"]) == .ambiguous)
        #expect(Self.credentials([longest + "s", "a"]) == .ambiguous)
        #expect(Self.credentials(["a", longest + "s"]) == .ambiguous)
    }

    @Test("takes secrets that are not text: they are only ever digested")
    func binarySecret() {
        var request = CheckRequest()
        request.present(([0x00, 0xFF] as [UInt8]).span)
        let credentials = request.credentials
        #expect(credentials == .presented)
        let secretCount = request.secret.count
        #expect(secretCount == 2)
    }

    @Test("forgets everything when it is reset, and overwrites the secret")
    func reset() throws {
        var request = CheckRequest()
        for field in Self.fields { try request.set(field, to: "text") }
        request.present("tg_live_secret")
        try request.addMetadata("team", "red")
        request.clientIP = IPAddress("10.0.0.1")
        request.tokens = 5
        request.inputTokens = 4
        request.isDryRun = true
        request.wantsExplanation = true
        request.markUnreadable(.model)
        let start = request.secret.bytes.withUnsafeBufferPointer { $0.baseAddress }
        let memory = UnsafeBufferPointer(start: try #require(start), count: 14)

        request.reset()
        // The request still owns this memory, so it may be looked at behind its back.
        #expect(Array(memory) == [UInt8](repeating: 0, count: 14))
        for field in Self.fields { expect(request, field, "") }
        let credentials = request.credentials
        #expect(credentials == .missing)
        let secretCount = request.secret.count
        #expect(secretCount == 0)
        let metadataCount = request.metadata.count
        #expect(metadataCount == 0)
        let textCount = request.text.count
        #expect(textCount == 0)
        let clientIP = request.clientIP
        #expect(clientIP == nil)
        let tokens = request.tokens
        #expect(tokens == 0)
        let inputTokens = request.inputTokens
        #expect(inputTokens == 0)
        let isDryRun = request.isDryRun
        #expect(!isDryRun)
        let isUnreadable = request.isUnreadable(.model)
        #expect(!isUnreadable)
        let wantsExplanation = request.wantsExplanation
        #expect(!wantsExplanation)
    }

    @Test("keeps metadata as lengths and bytes, big-endian")
    func metadata() throws {
        var request = CheckRequest()
        try request.addMetadata("k", String(repeating: "v", count: 258))
        try request.addMetadata("", "")
        let bytes = request.metadata.bytes.withUnsafeBufferPointer { Array($0) }
        let expected =
            [0, 1, UInt8(ascii: "k"), 1, 2] + [UInt8](repeating: UInt8(ascii: "v"), count: 258)
        #expect(bytes == expected + [0, 0, 0, 0])
    }

    @Test("takes metadata up to its limit, and nothing of a pair that does not fit")
    func metadataLimit() throws {
        var request = CheckRequest()
        try request.addMetadata("k", String(repeating: "v", count: 4000))
        let before = request.metadata.count
        var problem: CheckRequest.Problem?
        do { try request.addMetadata("key", String(repeating: "v", count: 85)) } catch {
            problem = error
        }
        #expect(problem == .metadata)
        let after = request.metadata.count
        #expect(after == before)
        try request.addMetadata("key", String(repeating: "v", count: 84))
        let metadataCount = request.metadata.count
        #expect(metadataCount == CheckRequest.metadataLimit)
    }

    @Test("refuses metadata that is not text, whole", arguments: [("a\0", "b"), ("a", "b\n")])
    func metadataText(_ key: String, _ value: String) {
        var request = CheckRequest()
        var problem: CheckRequest.Problem?
        do { try request.addMetadata(key, value) } catch { problem = error }
        #expect(problem == .metadata)
        let metadataCount = request.metadata.count
        #expect(metadataCount == 0)
    }

    private func expect(
        _ request: borrowing CheckRequest,
        _ field: CheckRequest.Field,
        _ expected: String,
        at location: SourceLocation = #_sourceLocation
    ) {
        let text = request.string(field)
        #expect(text == expected, sourceLocation: location)
    }

    private static let fields = CheckRequest.Field.allCases

    private static func set(_ field: CheckRequest.Field, _ text: String) throws {
        var request = CheckRequest()
        try request.set(field, to: text)
    }

    private static func credentials(_ secrets: [String]) -> CheckRequest.Credentials {
        var request = CheckRequest()
        for secret in secrets { request.present(secret) }
        return request.credentials
    }
}
