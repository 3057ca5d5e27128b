/// One thing that an operator can set, by flag, environment variable or configuration file.
///
/// The flag is `--<name>`, the variable `TOLLGATE_<NAME>` with underscores, and the key in the file
/// is the name, with dashes or underscores. The table below is all there is: the command line, the
/// file's reader and the manual are made from it.
package struct Setting: Sendable {
    package let name: String
    /// What stands for the value in the help.
    package let placeholder: String
    /// What holds when nobody sets it; nil when it is then off.
    package let fallback: String?
    package let help: String

    private init(_ name: String, _ placeholder: String, _ fallback: String?, _ help: String) {
        self.name = name
        self.placeholder = placeholder
        self.fallback = fallback
        self.help = help
    }

    /// Whether the setting is on or off, so that its name alone turns it on.
    package var isSwitch: Bool { placeholder == "BOOL" }

    /// Whether nobody may see what it is set to.
    package var isSecret: Bool { name == "admin-key" || name == "pepper" }

    /// The environment variable.
    package var variable: String {
        "TOLLGATE_" + name.uppercased().replacing("-", with: "_")
    }

    package static let dataDirectory = Setting(
        "data-dir",
        "DIR",
        "./tollgate-data",
        "Where the database and the pepper are kept; created with mode 0700."
    )
    package static let rpcListen = Setting(
        "rpc-listen",
        "ADDR:PORT",
        "127.0.0.1:7411",
        "The proxies' listener, gRPC over HTTP/2; also unix:/path."
    )
    package static let httpListen = Setting(
        "http-listen",
        "ADDR:PORT",
        "127.0.0.1:7412",
        "The listener for management, metrics and health."
    )
    package static let tlsCertificate = Setting(
        "tls-cert",
        "FILE",
        nil,
        "PEM certificate chain for the rpc listener; turns on TLS."
    )
    package static let tlsKey = Setting(
        "tls-key",
        "FILE",
        nil,
        "PEM private key for the rpc listener."
    )
    package static let tlsClientCA = Setting(
        "tls-client-ca",
        "FILE",
        nil,
        "PEM certificates that sign the proxies' own; turns on mutual TLS."
    )
    package static let httpTLSCertificate = Setting(
        "http-tls-cert",
        "FILE",
        nil,
        "PEM certificate chain for the http listener; turns on TLS."
    )
    package static let httpTLSKey = Setting(
        "http-tls-key",
        "FILE",
        nil,
        "PEM private key for the http listener."
    )
    package static let httpTLSClientCA = Setting(
        "http-tls-client-ca",
        "FILE",
        nil,
        "PEM certificates that sign those of whoever manages; turns on mutual TLS."
    )
    package static let managementIdentity = Setting(
        "management-identity",
        "SAN=KEY_ID,…",
        nil,
        "The keys that stand for names in client certificates, on the rpc listener's KeyManagement."
    )
    package static let adminKey = Setting(
        "admin-key",
        "SECRET",
        nil,
        "Registers this secret as the first administrator; better set as a variable."
    )
    package static let pepper = Setting(
        "pepper",
        "HEX",
        nil,
        "The pepper itself instead of the file in the data directory; better set as a variable."
    )
    package static let durability = Setting(
        "durability",
        "LEVEL",
        "process",
        "process: answered decisions survive kill -9; power: also the loss of power."
    )
    package static let models = Setting(
        "models",
        "FILE",
        nil,
        "A JSON file of models with providers and prices, instead of the built-in catalogue."
    )
    package static let unpriced = Setting(
        "unpriced",
        "POLICY",
        nil,
        "Requests for models without a price: deny, allow_free or default_price; when not set, they "
            + "are denied where a budget or balance counts, and free elsewhere."
    )
    package static let defaultInputPrice = Setting(
        "default-input-price",
        "USD",
        nil,
        "With default_price: what a million tokens of a prompt cost."
    )
    package static let defaultOutputPrice = Setting(
        "default-output-price",
        "USD",
        nil,
        "With default_price: what a million generated tokens cost."
    )
    package static let holdSeconds = Setting(
        "hold-seconds",
        "SECONDS",
        "900",
        "How long a request whose usage nobody reports holds what it was charged, at most a day."
    )
    package static let budgetStatus = Setting(
        "budget-status",
        "STATUS",
        "402",
        "What a client is answered whose budget, quota or balance is used up: 402, 403 or 429."
    )
    package static let threads = Setting(
        "threads",
        "COUNT",
        nil,
        "How many event loops; as many as cores when not set."
    )
    package static let logFormat = Setting("log-format", "FORMAT", "text", "text or json.")
    package static let logLevel = Setting(
        "log-level",
        "LEVEL",
        "info",
        "trace, debug, info, notice, warning, error or critical."
    )
    package static let trustRequestHeaders = Setting(
        "trust-request-headers",
        "BOOL",
        "false",
        "Whether x-tollgate-* headers of a request count; only where the proxy sets them all."
    )
    package static let trustedHops = Setting(
        "trusted-hops",
        "COUNT",
        "0",
        "How many entries of x-forwarded-for, from the right, trusted proxies wrote."
    )
    package static let defaultMaximumOutput = Setting(
        "default-max-output-tokens",
        "COUNT",
        "4096",
        "The maximum output that is assumed when a request names none."
    )
    package static let maximumMessage = Setting(
        "max-message-bytes",
        "COUNT",
        "1114112",
        "The longest message that is taken."
    )
    package static let activeKeys = Setting(
        "max-active-keys",
        "COUNT",
        "1000000",
        "How many keys are kept in memory at most."
    )

    package static let auditRetention = Setting(
        "audit-retention",
        "AGE",
        nil,
        "How long recorded decisions are kept, such as 90d or 36h; for ever when not set."
    )
    package static let auditCheckpoints = Setting(
        "audit-checkpoints",
        "PLACE",
        nil,
        "Where signed checkpoints of the audit trail go: a file, syslog: for this machine's log, or "
            + "syslog://HOST:PORT for another's; keep them where nobody who runs this server can."
    )

    package static let webhookAllowPrivate = Setting(
        "webhook-allow-private",
        "BOOL",
        "false",
        "Whether webhooks may be on this machine and its network; only where administrators may reach both."
    )

    package static let all = [
        dataDirectory, rpcListen, httpListen, tlsCertificate, tlsKey, tlsClientCA,
        httpTLSCertificate, httpTLSKey, httpTLSClientCA, managementIdentity, adminKey, pepper,
        durability, models, unpriced,
        defaultInputPrice, defaultOutputPrice, holdSeconds, budgetStatus, threads, logFormat,
        logLevel, trustRequestHeaders, trustedHops, defaultMaximumOutput, maximumMessage,
        activeKeys, auditRetention, auditCheckpoints, webhookAllowPrivate,
    ]
}
