internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import NIOSSL

/// What went wrong below gRPC, for a person, in few words.
enum Problem {
    /// The longest description that is shown of an error which is not known here.
    private static let limit = 200

    static func text(of error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError: text(of: error)
        case let error as IOError: text(ofSystemError: error.errnoCode)
        case let error as ChannelError: text(of: error)
        case let error as NIOSSLError: text(of: error)
        case let error as BoringSSLError: text(of: error)
        default: String(String(describing: error).prefix(limit))
        }
    }

    /// A name may have several addresses: the first one's trouble stands for all.
    private static func text(of error: NIOConnectionError) -> String {
        if let first = error.connectionErrors.first { return text(of: first.error) }
        return "its name has no address"
    }

    private static func text(of error: ChannelError) -> String {
        if case .connectTimeout = error { return "no answer in time" }
        return "\(error)"
    }

    private static func text(of error: NIOSSLError) -> String {
        switch error {
        case .handshakeFailed(let cause): return "the TLS handshake failed: \(text(of: cause))"
        case .uncleanShutdown:
            return "the server ended the TLS connection; it may want a certificate: --client-cert"
        case .unableToValidateCertificate: return "the server's certificate has another name"
        case .failedToLoadCertificate: return "not a PEM certificate"
        case .failedToLoadPrivateKey: return "not a PEM private key"
        case .noSuchFilesystemObject: return "no such file"
        default: return "\(error)"
        }
    }

    private static func text(of error: BoringSSLError) -> String {
        switch reason(in: "\(error)") {
        case "certificate verify failed":
            "its certificate is of no authority that is trusted; see --ca-cert"
        case "tlsv1 alert certificate required": "it wants a certificate; see --client-cert"
        case let reason: reason
        }
    }

    /// The reason's name, as it stands at the end of BoringSSL's own descriptions.
    private static func reason(in description: String) -> String {
        guard let match = description.firstMatch(of: #/OPENSSL_internal:([A-Za-z0-9_ ]+?) at /#)
        else {
            return String(description.prefix(limit))
        }
        return match.output.1.lowercased().replacing("_", with: " ")
    }

    private static func text(ofSystemError code: CInt) -> String {
        var buffer = [CChar](repeating: 0, count: 128)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
        return String(
            decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)),
            as: UTF8.self
        )
    }
}
