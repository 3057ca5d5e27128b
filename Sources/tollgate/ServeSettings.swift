internal import ArgumentParser
internal import TollgateServer

/// The options of `tollgate serve`: one for each row of `Setting.all`.
struct ServeSettings: ParsableArguments {
    @Option(name: .customLong("data-dir"), help: help(.dataDirectory))
    var dataDirectory: String?

    @Option(name: .customLong("rpc-listen"), help: help(.rpcListen))
    var rpcListen: String?

    @Option(name: .customLong("http-listen"), help: help(.httpListen))
    var httpListen: String?

    @Option(name: .customLong("tls-cert"), help: help(.tlsCertificate))
    var tlsCertificate: String?

    @Option(name: .customLong("tls-key"), help: help(.tlsKey))
    var tlsKey: String?

    @Option(name: .customLong("tls-client-ca"), help: help(.tlsClientCA))
    var tlsClientCA: String?

    @Option(name: .customLong("http-tls-cert"), help: help(.httpTLSCertificate))
    var httpTLSCertificate: String?

    @Option(name: .customLong("http-tls-key"), help: help(.httpTLSKey))
    var httpTLSKey: String?

    @Option(name: .customLong("http-tls-client-ca"), help: help(.httpTLSClientCA))
    var httpTLSClientCA: String?

    @Option(name: .customLong("management-identity"), help: help(.managementIdentity))
    var managementIdentity: [String] = []

    @Option(name: .customLong("admin-key"), help: help(.adminKey))
    var adminKey: String?

    @Option(name: .customLong("pepper"), help: help(.pepper))
    var pepper: String?

    @Option(name: .customLong("durability"), help: help(.durability))
    var durability: String?

    @Option(name: .customLong("models"), help: help(.models))
    var models: String?

    @Option(name: .customLong("unpriced"), help: help(.unpriced))
    var unpriced: String?

    @Option(name: .customLong("default-input-price"), help: help(.defaultInputPrice))
    var defaultInputPrice: String?

    @Option(name: .customLong("default-output-price"), help: help(.defaultOutputPrice))
    var defaultOutputPrice: String?

    @Option(name: .customLong("hold-seconds"), help: help(.holdSeconds))
    var holdSeconds: String?

    @Option(name: .customLong("budget-status"), help: help(.budgetStatus))
    var budgetStatus: String?

    @Option(name: .customLong("threads"), help: help(.threads))
    var threads: String?

    @Option(name: .customLong("log-format"), help: help(.logFormat))
    var logFormat: String?

    @Option(name: .customLong("log-level"), help: help(.logLevel))
    var logLevel: String?

    @Option(name: .customLong("trust-request-headers"), help: help(.trustRequestHeaders))
    var trustRequestHeaders: String?

    @Option(name: .customLong("trusted-hops"), help: help(.trustedHops))
    var trustedHops: String?

    @Option(name: .customLong("default-max-output-tokens"), help: help(.defaultMaximumOutput))
    var defaultMaximumOutput: String?

    @Option(name: .customLong("max-message-bytes"), help: help(.maximumMessage))
    var maximumMessage: String?

    @Option(name: .customLong("max-active-keys"), help: help(.activeKeys))
    var activeKeys: String?

    @Option(name: .customLong("audit-retention"), help: help(.auditRetention))
    var auditRetention: String?

    @Option(name: .customLong("audit-checkpoints"), help: help(.auditCheckpoints))
    var auditCheckpoints: String?

    @Option(name: .customLong("webhook-allow-private"), help: help(.webhookAllowPrivate))
    var webhookAllowPrivate: String?

    /// What was set, by the name of the setting.
    var values: [String: String] {
        var values: [String: String] = [:]
        for (setting, value) in pairs {
            if let value { values[setting.name] = value }
        }
        return values
    }

    private var pairs: [(Setting, String?)] {
        [
            (.dataDirectory, dataDirectory),
            (.rpcListen, rpcListen),
            (.httpListen, httpListen),
            (.tlsCertificate, tlsCertificate),
            (.tlsKey, tlsKey),
            (.tlsClientCA, tlsClientCA),
            (.httpTLSCertificate, httpTLSCertificate),
            (.httpTLSKey, httpTLSKey),
            (.httpTLSClientCA, httpTLSClientCA),
            (
                .managementIdentity,
                managementIdentity.isEmpty ? nil : managementIdentity.joined(separator: ",")
            ),
            (.adminKey, adminKey),
            (.pepper, pepper),
            (.durability, durability),
            (.models, models),
            (.unpriced, unpriced),
            (.defaultInputPrice, defaultInputPrice),
            (.defaultOutputPrice, defaultOutputPrice),
            (.holdSeconds, holdSeconds),
            (.budgetStatus, budgetStatus),
            (.threads, threads),
            (.logFormat, logFormat),
            (.logLevel, logLevel),
            (.trustRequestHeaders, trustRequestHeaders),
            (.trustedHops, trustedHops),
            (.defaultMaximumOutput, defaultMaximumOutput),
            (.maximumMessage, maximumMessage),
            (.activeKeys, activeKeys),
            (.auditRetention, auditRetention),
            (.auditCheckpoints, auditCheckpoints),
            (.webhookAllowPrivate, webhookAllowPrivate),
        ]
    }

    /// The arguments with `true` behind every switch that has no value of its own.
    static func spellingOut(_ arguments: [String]) -> [String] {
        let switches = Set(Setting.all.filter(\.isSwitch).map { "--\($0.name)" })
        var spelled: [String] = []
        for (index, argument) in arguments.enumerated() {
            spelled.append(argument)
            guard switches.contains(argument) else { continue }
            let next = index + 1 < arguments.count ? arguments[index + 1] : "-"
            if next.hasPrefix("-") { spelled.append("true") }
        }
        return spelled
    }

    private static func help(_ setting: Setting) -> ArgumentHelp {
        let fallback = setting.fallback.map { " (default: \($0))" } ?? ""
        return ArgumentHelp(
            "\(setting.help)\(fallback)",
            valueName: setting.placeholder
        )
    }
}
