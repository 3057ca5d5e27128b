internal import Hummingbird
internal import HummingbirdTesting
internal import Logging
internal import Testing
internal import TollgateAdmin

@Suite("The listener")
struct AdminApplicationTests {
    @Test("It says where it listens, a free port filled in, and answers there")
    func listening() async throws {
        let (addresses, continuation) = AsyncStream.makeStream(of: String.self)
        let application = try AdminHarness().application { continuation.yield($0) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            let address = try #require(await addresses.first { _ in true })
            #expect(address.hasPrefix("127.0.0.1:"))
            let port = try #require(address.split(separator: ":").last.flatMap { Int($0) })
            #expect(port != 0)
            let status = try await TestClient.withClient(host: "127.0.0.1", port: port) { client in
                try await client.get("/healthz").status
            }
            #expect(status == .ok)
            group.cancelAll()
        }
    }

    @Test("A certificate that is not there is named, and nothing listens")
    func missingCertificate() throws {
        let error = #expect(throws: AdminError.self) {
            try AdminHarness().application(
                tls: AdminConfiguration.TLS(certificatePath: "/no/c.pem", keyPath: "/no/k.pem")
            )
        }
        #expect(error?.description.hasPrefix("certificate /no/c.pem with key /no/k.pem:") == true)
    }
}
