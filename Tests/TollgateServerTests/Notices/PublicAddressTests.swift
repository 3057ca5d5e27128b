import Testing
import TollgateCore

@testable import TollgateServer

@Suite("Where webhooks may be")
struct PublicAddressTests {
    @Test(
        "An address of this machine, its network or nobody is not public",
        arguments: [
            "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.31.255.255",
            "192.168.0.1", "198.19.0.1", "203.0.113.9", "224.0.0.1", "255.255.255.255", "::", "::1",
            "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "fc00::1",
            "fd12::1", "fe80::1", "ff02::1", "2001:db8::1",
        ]
    )
    func others(_ text: String) throws {
        #expect(!PublicAddress.contains(try #require(IPAddress(text))))
    }

    @Test(
        "Other addresses are",
        arguments: ["8.8.8.8", "172.32.0.1", "100.128.0.1", "198.20.0.1", "2606:4700::1111"]
    )
    func publics(_ text: String) throws {
        #expect(PublicAddress.contains(try #require(IPAddress(text))))
    }
}
