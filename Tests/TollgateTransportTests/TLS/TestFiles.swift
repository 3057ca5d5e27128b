internal import Foundation
internal import TollgateTransport

/// A directory for one test, removed behind it.
final class TestFiles {
    private let folder: URL

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "tollgate-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    }

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    /// Where a file is or would be.
    func path(_ name: String) -> String {
        folder.path + "/" + name
    }

    /// Writes a file, in the place of an earlier one, and returns its path.
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: folder.appending(path: name), options: .atomic)
        return path(name)
    }

    /// Writes the files of a server.
    func write(_ server: TestCertificate, clientCA: TestCertificate? = nil) throws {
        _ = try write("cert.pem", server.certificatePEM)
        _ = try write("key.pem", server.keyPEM)
        if let clientCA { _ = try write("ca.pem", clientCA.certificatePEM) }
    }

    /// A context from `cert.pem`, `key.pem` and, when wanted, `ca.pem`.
    func context(withClientCA: Bool = false) throws(TransportError) -> TLSContext {
        try TLSContext(
            certificateFile: path("cert.pem"),
            keyFile: path("key.pem"),
            clientCAFile: withClientCA ? path("ca.pem") : nil
        )
    }
}
