import Testing

@testable import TollgateGateway

struct CredentialTests {
    @Test(
        "Only the scheme Bearer carries a secret",
        arguments: [
            ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER\tabc  ", "abc"),
            ("  Bearer   abc", "abc"), ("Bearer", ""), ("Bearer ", ""), ("Basic abc", ""),
            ("Bearerabc", ""), ("abc", ""), ("", ""), ("Bearer a b", "a b"),
        ]
    )
    func bearer(value: String, secret: String) {
        #expect(read(value, isBearer: true) == secret)
    }

    @Test("A plain header is the secret, without the spaces around it")
    func plain() {
        #expect(read(" abc\t", isBearer: false) == "abc")
        #expect(read("  ", isBearer: false) == "")
        #expect(read("Bearer abc", isBearer: false) == "Bearer abc")
    }

    private func read(_ value: String, isBearer: Bool) -> String {
        let bytes = Array(value.utf8)
        let secret = Credential.secret(bytes.span, isBearer: isBearer)
        return String(decoding: (0..<secret.count).map { secret[$0] }, as: UTF8.self)
    }
}
