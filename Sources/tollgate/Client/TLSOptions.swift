internal import ArgumentParser

/// Whom to trust and what to show where the server speaks TLS, on either of its listeners.
struct TLSOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Certificates of further authorities to trust, in PEM (TOLLGATE_CA_CERT).",
            valueName: "file"
        )
    )
    var caCert: String?

    @Option(
        help: ArgumentHelp(
            "The certificate that is shown to the server, in PEM (TOLLGATE_CLIENT_CERT).",
            valueName: "file"
        )
    )
    var clientCert: String?

    @Option(
        help: ArgumentHelp(
            "The key of --client-cert, in PEM (TOLLGATE_CLIENT_KEY).",
            valueName: "file"
        )
    )
    var clientKey: String?

    /// The files that were named, by options or else by the variables of the process.
    func files(_ environment: [String: String]) -> TLSFiles {
        // A variable that is empty is one that is not set.
        func file(_ option: String?, _ variable: String) -> String? {
            option ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
        }
        return TLSFiles(
            authorities: file(caCert, "TOLLGATE_CA_CERT"),
            certificate: file(clientCert, "TOLLGATE_CLIENT_CERT"),
            key: file(clientKey, "TOLLGATE_CLIENT_KEY")
        )
    }
}
