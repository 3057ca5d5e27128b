import Testing
import TollgateCore

@testable import TollgateGateway

struct ClientAddressTests {
    @Test(
        "The client's address is what trusted proxies wrote, or unknown",
        arguments: try CaseFile.rows("addresses.txt", columns: 4)
    )
    func table(row: [String]) {
        let forwarded = Array(row[1].utf8)
        let peer = Array(row[2].utf8)
        let address = ClientAddress.resolve(
            forwarded: forwarded.span,
            trustedHops: Int(row[0]) ?? -1,
            peer: peer.span
        )
        #expect((address?.description ?? "-") == row[3])
    }
}
