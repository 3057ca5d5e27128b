internal import Logging

/// Where the management listener listens, and how.
package struct AdminConfiguration: Sendable {
    /// A place to listen at.
    package enum Address: Equatable, Sendable {
        /// An address of this machine; port 0 takes a free one.
        case tcp(host: String, port: Int)
        /// A socket in the file system.
        case unix(path: String)
    }

    /// The files of a certificate, in PEM.
    package struct TLS: Equatable, Sendable {
        /// The certificate, and behind it those that lead to a known authority.
        package let certificatePath: String
        package let keyPath: String
        /// The certificates of which one must have signed the client's; nil when clients need none.
        package let clientAuthorityPath: String?

        package init(
            certificatePath: String,
            keyPath: String,
            clientAuthorityPath: String? = nil
        ) {
            self.certificatePath = certificatePath
            self.keyPath = keyPath
            self.clientAuthorityPath = clientAuthorityPath
        }

        /// Reads the files, as a listener would.
        ///
        /// - Throws: when they are not a certificate, its key and clients' authorities.
        package func check() throws(AdminError) {
            _ = try ServerCertificate(self, logger: Logger(label: "tollgate.http"))
        }
    }

    package var address: Address
    /// nil for plain HTTP.
    package var tls: TLS?
    /// How many connections are served at once; more of them wait in the system's queue.
    package var connectionLimit = 512

    package init(address: Address, tls: TLS? = nil) {
        self.address = address
        self.tls = tls
    }
}
