internal import TollgateAdmin

/// All settings with their sources, and everything that is wrong with them.
package struct ConfigurationReview: Sendable {
    /// One setting.
    package struct Row: Equatable, Sendable {
        package let name: String
        /// As it was set, a secret masked; nil when it is off.
        package let value: String?
        /// The option, the variable or the file that has set it, or `default`.
        package let source: String
    }

    package let rows: [Row]
    /// Each as one line; empty when a server can be started with the settings.
    package let problems: [String]

    /// Looks at the three sources.
    ///
    /// - Parameters:
    ///   - flags: what the command line set, by the name of the setting.
    ///   - environment: all variables of the process.
    ///   - file: the configuration file, nil when there is none.
    package init(flags: [String: String], environment: [String: String], file: String?) {
        var problems: [ConfigurationError] = []
        var values = SettingValues(
            flags: flags,
            environment: environment,
            file: file,
            problems: &problems
        )
        rows = Setting.all.map { values.row($0) }
        // What is wrong is put aside, so that what comes behind it is looked at too.
        while true {
            do {
                let configuration = try ServerConfiguration(values)
                problems += ConfigurationReview.problems(ofFilesIn: configuration)
                break
            } catch {
                problems.append(error)
                guard let name = error.setting, values.remove(name) else { break }
            }
        }
        self.problems = problems.map(\.description)
    }

    /// What is wrong with the certificates of either listener, which a server reads when it starts.
    private static func problems(
        ofFilesIn configuration: ServerConfiguration
    ) -> [ConfigurationError] {
        var problems: [ConfigurationError] = []
        do {
            _ = try House.openTLS(configuration.rpcTLS)
        } catch {
            problems.append(ConfigurationError(error.description))
        }
        do {
            try configuration.admin.tls?.check()
        } catch {
            problems.append(ConfigurationError(error.description))
        }
        return problems
    }
}
