internal import Testing
internal import TollgateTransport

@Suite("Addresses and peers")
struct ValueTests {
    @Test(
        "An address reads as it is written",
        arguments: [
            "127.0.0.1:7411", "[::1]:0", "localhost:65535", "unix:/run/tollgate.sock", "0.0.0.0:1",
        ]
    )
    func good(text: String) throws {
        #expect("\(try ListenAddress(parsing: text))" == text)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", ":", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
            "127.0.0.1:-1", "127.0.0.1:+1", "127.0.0.1:000001", "::1:80", "[]:80", "unix:",
            "unix:relative", "a b:1", "unix:/\(String(repeating: "x", count: 104))",
        ]
    )
    func bad(text: String) {
        #expect { try ListenAddress(parsing: text) } throws: {
            ($0 as? TransportError)?.code == .address
        }
    }

    @Test("Only this machine and holders of a certificate are trusted")
    func trust() {
        for address in ["127.0.0.1", "127.8.8.8", "::1", "unix", "::ffff:127.0.0.1"] {
            #expect(Peer(address: address).isTrusted)
        }
        for address in ["10.0.0.1", "128.0.0.1", "", "fe80::1", "::ffff:10.0.0.1"] {
            #expect(!Peer(address: address).isTrusted)
        }
        #expect(Peer(address: "10.0.0.1", identities: ["envoy"]).isTrusted)
    }
}
