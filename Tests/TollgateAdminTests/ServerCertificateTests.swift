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

        /// Puts a file of `Cases/tls` in the place of another, in one step, as renewals do.
        func put(_ name: String, as target: String, file: String = #filePath) throws {
            let source = URL(filePath: file).deletingLastPathComponent()
                .appending(path: "Cases/tls/\(name)")
            try Data(contentsOf: source).write(to: url.appending(path: target), options: .atomic)
        }
    }

    private let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })

    /// The common name in the certificate that the next handshake gets.
    private func subject(_ certificate: ServerCertificate) throws -> String {
        guard case .certificate(let first) = certificate.current().certificateChain?.first else {
            return ""
        }
        return String(decoding: try first.toDERBytes(), as: UTF8.self).contains("one.test")
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
