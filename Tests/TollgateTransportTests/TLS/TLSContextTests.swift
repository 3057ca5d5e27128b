internal import Foundation
internal import Testing
internal import TollgateTransport

@Suite("TLS files")
final class TLSContextTests {
    private let files: TestFiles
    private let authority: TestCertificate
    private let certificate: TestCertificate

    init() throws {
        files = try TestFiles()
        authority = try TestCertificate("authority", .authority)
        certificate = try TestCertificate("server", .server, issuer: authority)
        try files.write(certificate, clientCA: authority)
    }

    /// The message with which the files are refused, without the directory.
    private func refusal() throws -> String {
        let error = #expect(throws: TransportError.self) {
            _ = try files.context(withClientCA: true)
        }
        #expect(error?.code == .tls)
        return try #require(error).message.replacing(files.path(""), with: "")
    }

    @Test(
        "A file that is not there, or is empty, is named",
        arguments: ["cert.pem", "key.pem", "ca.pem"]
    )
    func absence(_ name: String) throws {
        try FileManager.default.removeItem(atPath: files.path(name))
        #expect(try refusal() == "cannot read \(name): No such file or directory")
        _ = try files.write(name, "")
        #expect(try refusal() == "cannot read \(name): it is empty")
        try FileManager.default.removeItem(atPath: files.path(name))
        try FileManager.default.createDirectory(
            atPath: files.path(name),
            withIntermediateDirectories: false
        )
        #expect(try refusal() == "cannot read \(name): not a regular file")
    }

    @Test("A file that is far too large is not read", arguments: ["cert.pem", "key.pem", "ca.pem"])
    func size(_ name: String) throws {
        _ = try files.write(name, String(repeating: "x", count: 1 << 20 + 1))
        #expect(try refusal() == "cannot read \(name): larger than 1 MiB")
    }

    @Test("A file without a certificate is refused", arguments: ["cert.pem", "ca.pem"])
    func noCertificate(_ name: String) throws {
        for text in ["nonsense", certificate.keyPEM] {
            _ = try files.write(name, text)
            #expect(try refusal() == "cannot use \(name): there is no certificate in it")
        }
    }

    @Test(
        "A damaged certificate is refused, also behind a good one",
        arguments: ["cert.pem", "ca.pem"]
    )
    func damage(_ name: String) throws {
        let text = authority.certificatePEM
        let damaged = String(text.prefix(200)) + "*" + text.dropFirst(201)
        _ = try files.write(name, text + damaged)
        #expect(try refusal().hasPrefix("cannot use \(name): certificate 2: "))
    }

    @Test("A key of another certificate is refused")
    func mismatch() throws {
        _ = try files.write("key.pem", authority.keyPEM)
        let message = "cannot use key.pem: the key does not belong to the certificate in cert.pem"
        #expect(try refusal() == message)
    }

    @Test("An encrypted key is refused, and no password is asked for")
    func encryption() throws {
        _ = try files.write("key.pem", certificate.encryptedKeyPEM)
        let message =
            "cannot use key.pem: the private key is encrypted; an unencrypted one is needed"
        #expect(try refusal() == message)
    }

    @Test("A file without a key is refused")
    func noKey() throws {
        for text in ["nonsense", certificate.certificatePEM] {
            _ = try files.write("key.pem", text)
            let prefix = "cannot use key.pem: there is no private key in it that can be used ("
            #expect(try refusal().hasPrefix(prefix))
        }
    }

    @Test("One file may hold the certificate and the key")
    func oneFile() throws {
        let path = try files.write("both.pem", certificate.keyPEM + certificate.certificatePEM)
        let context = try TLSContext(certificateFile: path, keyFile: path, clientCAFile: nil)
        let server = try TestServer(context)
        let client = try TestClient(trusting: authority)
        server.converse(with: client)
        #expect(client.sees(certificate))
    }

    @Test("The certificates behind the first are sent along")
    func chain() throws {
        let between = try TestCertificate("between", .authority, issuer: authority)
        let certificate = try TestCertificate("server", .server, issuer: between)
        _ = try files.write("key.pem", certificate.keyPEM)
        _ = try files.write("cert.pem", certificate.certificatePEM)
        let incomplete = try TestClient(trusting: authority)
        try TestServer(files.context()).converse(with: incomplete)
        #expect(!incomplete.isConnected)
        _ = try files.write("cert.pem", certificate.certificatePEM + between.certificatePEM)
        let complete = try TestClient(trusting: authority)
        try TestServer(files.context()).converse(with: complete)
        #expect(complete.isConnected && complete.sees(certificate))
    }
}

@Suite("Reloading TLS files")
final class TLSContextHolderTests {
    private let files: TestFiles
    private let authority: TestCertificate
    private let certificate: TestCertificate
    private let holder: TLSContextHolder

    init() throws {
        files = try TestFiles()
        authority = try TestCertificate("authority", .authority)
        certificate = try TestCertificate("server", .server, issuer: authority)
        try files.write(certificate)
        holder = try TLSContextHolder(
            certificateFile: files.path("cert.pem"),
            keyFile: files.path("key.pem"),
            clientCAFile: nil
        )
    }

    /// Whether a new connection gets this certificate.
    private func serves(_ certificate: TestCertificate) throws -> Bool {
        let client = try TestClient(trusting: authority)
        try TestServer(holder.current).converse(with: client)
        return client.isConnected && client.sees(certificate)
    }

    @Test("Files that are as they were change nothing")
    func unchanged() throws {
        let before = holder.current
        #expect(try !holder.reload())
        #expect(holder.current === before)
    }

    @Test("New files serve new connections; an open one goes on with the old")
    func replacement() throws {
        let server = try TestServer(holder.current)
        let client = try TestClient(trusting: authority)
        server.converse(with: client)
        let renewed = try TestCertificate("server", .server, issuer: authority)
        try files.write(renewed)
        #expect(try holder.reload())
        #expect(try serves(renewed))
        #expect(try !holder.reload())
        client.write([1])
        server.converse(with: client)
        #expect(client.sees(certificate) && server.recorder.received == [1])
    }

    @Test("Files that do not go together change nothing until they do")
    func halfReplacement() throws {
        let renewed = try TestCertificate("server", .server, issuer: authority)
        _ = try files.write("cert.pem", renewed.certificatePEM)
        for _ in 0..<2 { #expect(throws: TransportError.self) { try holder.reload() } }
        #expect(try serves(certificate))
        _ = try files.write("key.pem", renewed.keyPEM)
        #expect(try holder.reload())
        #expect(try serves(renewed))
    }

    @Test("A file that is gone changes nothing")
    func removal() throws {
        try FileManager.default.removeItem(atPath: files.path("key.pem"))
        #expect(throws: TransportError.self) { try holder.reload() }
        #expect(try serves(certificate))
    }

    @Test("Contexts come and go while others are reading the current one")
    func threads() async throws {
        let renewed = try TestCertificate("server", .server, issuer: authority)
        let texts = [certificate, renewed].map { $0.keyPEM + $0.certificatePEM }
        let path = try files.write("both.pem", texts[0])
        let holder = try TLSContextHolder(
            certificateFile: path,
            keyFile: path,
            clientCAFile: nil
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask { for _ in 0..<2_000 { _ = holder.current } }
                group.addTask { for _ in 0..<50 { _ = try holder.reload() } }
            }
            for round in 0..<20 { _ = try files.write("both.pem", texts[round % 2]) }
            try await group.waitForAll()
        }
        _ = try holder.reload()
        #expect(try !holder.reload())
    }
}
