internal import Foundation
internal import Logging
internal import NIOSSL
internal import Testing

@testable internal import TollgateAdmin

@Suite("The certificate of the listener")
struct ServerCertificateTests {
    /// A directory of its own with `cert.pem` and `key.pem`, gone with the value.
    private final class Directory {
        let url = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)

        init() throws {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: false)
        }

        deinit {
            try? FileManager.default.removeItem(at: url)
        }

        var files: AdminConfiguration.TLS {
            AdminConfiguration.TLS(
                certificatePath: url.appending(path: "cert.pem").path,
                keyPath: url.appending(path: "key.pem").path
            )
        }

        /// The same files, and one of authorities.
        var mutual: AdminConfiguration.TLS {
            AdminConfiguration.TLS(
                certificatePath: files.certificatePath,
                keyPath: files.keyPath,
                clientAuthorityPath: url.appending(path: "ca.pem").path
            )
        }

        /// Puts a file of `Cases/tls` in the place of another, in one step, as renewals do.
        func put(_ name: String, as target: String, file: String = #filePath) throws {
            let source = URL(filePath: file).deletingLastPathComponent()
                .appending(path: "Cases/tls/\(name)")
            try Data(contentsOf: source).write(to: url.appending(path: target), options: .atomic)
        }
    }

    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The common name in the certificate that the next connection gets.
    private func subject(_ certificate: ServerCertificate) throws -> String {
        let chain = certificate.current().configuration.certificateChain
        guard case .certificate(let first) = chain.first else { return "" }
        return try name(first)
    }

    /// The common name of the authority whose clients the next connection takes; nil for any.
    private func authority(_ certificate: ServerCertificate) throws -> String? {
        let configuration = certificate.current().configuration
        guard
            configuration.certificateVerification == .noHostnameVerification,
            case .certificates(let authorities) = configuration.trustRoots
        else { return nil }
        #expect(authorities.count == 1)
        return try authorities.first.map(name)
    }

    private func name(_ certificate: NIOSSLCertificate) throws -> String {
        String(decoding: try certificate.toDERBytes(), as: UTF8.self).contains("one.test")
            ? "one" : "two"
    }

    @Test("A renewed certificate counts for the next handshake, with its key and not before")
    func renewal() throws {
        let directory = try Directory()
        try directory.put("one.pem", as: "cert.pem")
        try directory.put("one-key.pem", as: "key.pem")
        let certificate = try ServerCertificate(directory.files, logger: logger)
        #expect(try subject(certificate) == "one")
        try directory.put("two.pem", as: "cert.pem")
        #expect(try subject(certificate) == "one")
        try directory.put("two-key.pem", as: "key.pem")
        #expect(try subject(certificate) == "two")
    }

    @Test("Files that are gone or damaged leave the old certificate in place")
    func damage() throws {
        let directory = try Directory()
        try directory.put("one.pem", as: "cert.pem")
        try directory.put("one-key.pem", as: "key.pem")
        let certificate = try ServerCertificate(directory.files, logger: logger)
        try FileManager.default.removeItem(atPath: directory.files.keyPath)
        #expect(try subject(certificate) == "one")
        try Data("nothing".utf8).write(to: directory.url.appending(path: "cert.pem"))
        #expect(try subject(certificate) == "one")
    }

    @Test("Clients need a certificate of the authority that is in the file now, if there is one")
    func clients() throws {
        let directory = try Directory()
        try directory.put("one.pem", as: "cert.pem")
        try directory.put("one-key.pem", as: "key.pem")
        let open = try ServerCertificate(directory.files, logger: logger)
        #expect(open.current().configuration.certificateVerification == .none)
        try directory.put("one.pem", as: "ca.pem")
        let certificate = try ServerCertificate(directory.mutual, logger: logger)
        #expect(try authority(certificate) == "one")
        let before = certificate.current().context
        #expect(certificate.current().context === before)
        try directory.put("two.pem", as: "ca.pem")
        #expect(try authority(certificate) == "two")
        #expect(certificate.current().context !== before, "old sessions go with their context")
        try directory.put("two-key.pem", as: "ca.pem")
        #expect(try authority(certificate) == "two", "no authority is no reason to take anybody")
    }

    @Test("A file without certificates of authorities is refused at the start, by its name")
    func noAuthority() throws {
        let directory = try Directory()
        try directory.put("one.pem", as: "cert.pem")
        try directory.put("one-key.pem", as: "key.pem")
        for text in [nil, "", "nothing"] {
            if let text { try Data(text.utf8).write(to: directory.url.appending(path: "ca.pem")) }
            let error = #expect(throws: AdminError.self) {
                try ServerCertificate(directory.mutual, logger: logger)
            }
            #expect(error?.description.contains("ca.pem") == true)
        }
    }

    @Test("A certificate and the key of another are refused at the start")
    func mismatch() throws {
        let directory = try Directory()
        try directory.put("one.pem", as: "cert.pem")
        try directory.put("two-key.pem", as: "key.pem")
        #expect(throws: AdminError.self) {
            try ServerCertificate(directory.files, logger: logger)
        }
    }
}
