import Testing
import TollgateCrypto

@testable import TollgateEngine

@Suite("The secret of a webhook")
struct WebhookSecretTests {
    @Test("signs as the specification's own example does")
    func knownSignature() throws {
        let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let signature = try secret.signature(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            body: Array(#"{"test": 2432232314}"#.utf8)
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test("of another form stands for its own bytes")
    func plain() throws {
        let plain = try #require(WebhookSecret("0123456789abcdef0123456789abcdef"))
        let coded = try #require(
            WebhookSecret("whsec_" + Base64.text(of: "0123456789abcdef0123456789abcdef".utf8))
        )
        let body = Array("{}".utf8)
        #expect(
            try plain.signature(id: "a", timestamp: 1, body: body)
                == coded.signature(id: "a", timestamp: 1, body: body)
        )
    }

    @Test(
        "is refused when it cannot be one",
        arguments: ["", "with space", "größe", "a\nb", String(repeating: "a", count: 1025)]
    )
    func refused(_ text: String) {
        #expect(WebhookSecret(text) == nil)
    }

    @Test(
        "is sound when it is long enough and of the form that it begins with",
        arguments: [
            ("0123456789abcde", false), ("0123456789abcdef", true),
            ("whsec_0123456789abcdef", false),
            ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true),
        ]
    )
    func sound(_ text: String, _ isSound: Bool) {
        #expect(WebhookSecret.isSound(text) == isSound)
    }

    @Test("that is made here can be used, and is never the same")
    func issued() throws {
        let first = try WebhookSecret.issue()
        #expect(first.hasPrefix("whsec_"))
        #expect(WebhookSecret(first) != nil)
        #expect(try WebhookSecret.issue() != first)
    }

    @Test("is not to be seen in descriptions")
    func hidden() throws {
        let secret = try #require(WebhookSecret("canary-canary-canary"))
        #expect("\(secret)" == "WebhookSecret")
        #expect(!String(reflecting: secret).contains("canary"))
    }

    @Test("opens for its own destination under its own pepper, and nowhere else")
    func boxes() throws {
        func box(_ digits: String) throws -> WebhookSecretBox {
            WebhookSecretBox(try SecretBox(try Pepper(text: String(repeating: digits, count: 32))))
        }
        let sealed = try box("5a").seal("canary-canary-canary", for: "wh_1")
        #expect(try box("5a").secret(in: sealed, for: "wh_1") != nil)
        #expect(try box("5a").secret(in: sealed, for: "wh_2") == nil)
        #expect(try box("5b").secret(in: sealed, for: "wh_1") == nil)
    }
}

@Suite("Base64")
struct Base64Tests {
    @Test("reads back what it has written, of every length")
    func roundTrip() {
        for count in 0..<64 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ count) }
            #expect(Base64.bytes(of: Base64.text(of: bytes)) == bytes)
        }
    }

    @Test(
        "refuses what it would not write",
        arguments: ["A", "AA", "AAA", "====", "A===", "AA=A", "A-_A"]
    )
    func refused(_ text: String) {
        #expect(Base64.bytes(of: text) == nil)
    }
}
