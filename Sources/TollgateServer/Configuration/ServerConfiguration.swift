internal import Glibc
package import Logging
internal import TollgateCore
internal import TollgateCrypto
internal import TollgateEngine
internal import TollgateGateway
internal import TollgateTransport

/// Everything the server needs to know before it starts, checked.
package struct ServerConfiguration: Sendable {
    /// How log lines are written.
    package enum LogFormat: String, CaseIterable, Sendable {
        case text
        case json
    }

    /// What answered decisions survive.
    enum Durability: String, CaseIterable, Sendable {
        /// The end of the process.
        case process
        /// The loss of power as well.
        case power
    }

    /// Certificate and key of a listener.
    struct TLSFiles: Sendable {
        let certificate: String
        let key: String
        let clientCA: String?
    }

    let dataDirectory: String
    let rpcAddress: ListenAddress
    let httpAddress: ListenAddress
    let rpcTLS: TLSFiles?
    let httpTLS: TLSFiles?
    /// The keys that stand for names in client certificates.
    let managementIdentities: [String: KeyID]
    let adminKey: String?
    /// The pepper as text, in the place of its file.
    let pepper: String?
    let durability: Durability
    let modelFile: String?
    let models: ModelCatalogue
    /// What is done with requests for models that have no price.
    let unpriced: UnpricedPolicy
    /// How long a request that nobody settles holds what it was charged.
    let holdSeconds: Int
    let threads: Int
    let maximumMessage: Int
    let activeKeys: Int
    /// How long the audit trail is kept, in milliseconds; nil for ever.
    let auditRetention: Int64?
    /// Where checkpoints of the audit trail go; nil for nowhere.
    let auditCheckpoints: CheckpointPlace?
    /// Whether webhooks may be on this machine and its network.
    let allowsPrivateWebhooks: Bool
    let gateway: GatewayConfiguration
    package let logFormat: LogFormat
    package let logLevel: Logger.Level

    /// Where the pepper is kept when it does not come from outside.
    var pepperFile: String { dataDirectory + "/pepper" }

    /// Checks what the operator set.
    ///
    /// - Throws: the first setting that cannot be.
    package init(_ values: SettingValues) throws(ConfigurationError) {
        dataDirectory = values.text(.dataDirectory) ?? ""
        guard !dataDirectory.isEmpty else {
            throw values.problem(.dataDirectory, "must not be empty")
        }
        rpcAddress = try ServerConfiguration.address(.rpcListen, values)
        httpAddress = try ServerConfiguration.address(.httpListen, values)
        rpcTLS = try ServerConfiguration.files(
            .tlsCertificate,
            .tlsKey,
            clientCA: .tlsClientCA,
            values
        )
        httpTLS = try ServerConfiguration.files(
            .httpTLSCertificate,
            .httpTLSKey,
            clientCA: .httpTLSClientCA,
            values
        )
        managementIdentities = try ServerConfiguration.identities(values, rpcTLS)
        adminKey = try ServerConfiguration.adminKey(values)
        pepper = try ServerConfiguration.pepper(values)
        durability = try values.choice(.durability, Durability.self)
        modelFile = values.text(.models)
        if let modelFile {
            models = try ModelFile.read(modelFile)
        } else {
            models = .builtIn
        }
        unpriced = try UnpricedPolicy(values)
        holdSeconds = try values.number(.holdSeconds, in: 1...86_400) ?? 0
        let cores = min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 1), 1024)
        threads = try values.number(.threads, in: 1...1024) ?? cores
        maximumMessage = try values.number(.maximumMessage, in: 1024...(64 << 20)) ?? 0
        activeKeys = try values.number(.activeKeys, in: 1000...100_000_000) ?? 0
        auditRetention = try values.age(.auditRetention)
        auditCheckpoints = try ServerConfiguration.place(.auditCheckpoints, values)
        allowsPrivateWebhooks = try values.flag(.webhookAllowPrivate)
        var gateway = GatewayConfiguration()
        gateway.trustsRequestHeaders = try values.flag(.trustRequestHeaders)
        gateway.trustedHops = try values.number(.trustedHops, in: 0...32) ?? 0
        gateway.defaultMaximumOutput = UInt64(
            try values.number(.defaultMaximumOutput, in: 0...(1 << 40)) ?? 0
        )
        let status = values.text(.budgetStatus).flatMap { UInt16($0) }
        guard let budgetStatus = status.flatMap(BudgetStatus.init(rawValue:)) else {
            throw values.problem(.budgetStatus, "must be 402, 403 or 429")
        }
        gateway.budgetStatus = budgetStatus
        self.gateway = gateway
        logFormat = try values.choice(.logFormat, LogFormat.self)
        logLevel = try values.choice(.logLevel, Logger.Level.self)
    }

    /// The secret of an administrator, which may become one's key.
    private static func adminKey(_ values: SettingValues) throws(ConfigurationError) -> String? {
        guard let secret = values.text(.adminKey) else { return nil }
        do {
            _ = try KeyRegistry.foreignSecret(secret, Setting.adminKey.name)
        } catch {
            guard case .invalid(_, let message) = error else {
                throw values.problem(.adminKey, "cannot be a key")
            }
            throw values.problem(.adminKey, message)
        }
        return secret
    }

    /// The text that spells a pepper.
    private static func pepper(_ values: SettingValues) throws(ConfigurationError) -> String? {
        guard let text = values.text(.pepper) else { return nil }
        do {
            _ = try Pepper(text: text)
        } catch {
            throw values.problem(.pepper, error.message)
        }
        return text
    }

    /// The pairs of a name and a key, with commas between.
    private static func identities(
        _ values: SettingValues,
        _ tls: TLSFiles?
    ) throws(ConfigurationError) -> [String: KeyID] {
        var identities: [String: KeyID] = [:]
        guard let text = values.text(.managementIdentity) else { return identities }
        guard tls?.clientCA != nil else {
            throw values.problem(.managementIdentity, "needs --\(Setting.tlsClientCA.name)")
        }
        for pair in text.split(separator: ",") {
            // A URI may hold the sign as well, a key's id cannot.
            guard
                let sign = pair.lastIndex(of: "="), sign != pair.startIndex,
                let key = KeyID(String(pair[pair.index(after: sign)...]))
            else {
                throw values.problem(.managementIdentity, "must be names with ids of keys: a=key_…")
            }
            guard identities.updateValue(key, forKey: String(pair[..<sign])) == nil else {
                throw values.problem(.managementIdentity, "has a name twice")
            }
        }
        return identities
    }

    private static func address(
        _ setting: Setting,
        _ values: SettingValues
    ) throws(ConfigurationError) -> ListenAddress {
        do {
            return try ListenAddress(parsing: values.text(setting) ?? "")
        } catch {
            throw values.problem(setting, error.message)
        }
    }

    private static func place(
        _ setting: Setting,
        _ values: SettingValues
    ) throws(ConfigurationError) -> CheckpointPlace? {
        guard let text = values.text(setting) else { return nil }
        do {
            return try CheckpointPlace(parsing: text)
        } catch {
            throw values.problem(setting, error.description)
        }
    }

    private static func files(
        _ certificate: Setting,
        _ key: Setting,
        clientCA: Setting,
        _ values: SettingValues
    ) throws(ConfigurationError) -> TLSFiles? {
        let authority = values.text(clientCA)
        switch (values.text(certificate), values.text(key)) {
        case (nil, nil):
            if authority != nil {
                throw values.problem(clientCA, "needs --\(certificate.name) and --\(key.name)")
            }
            return nil
        case (let certificate?, let key?):
            return TLSFiles(certificate: certificate, key: key, clientCA: authority)
        case (_?, nil): throw values.problem(certificate, "needs --\(key.name) as well")
        case (nil, _?): throw values.problem(key, "needs --\(certificate.name) as well")
        }
    }
}
