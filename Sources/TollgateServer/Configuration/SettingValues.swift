internal import Foundation
internal import Yams

/// What the operator set, by the name of the setting, and where: flags win over variables, those
/// over the file.
package struct SettingValues: Sendable {
    private struct Value: Sendable {
        let text: String
        let origin: String
    }

    private var values: [String: Value] = [:]

    /// Brings the three sources together.
    ///
    /// - Parameters:
    ///   - flags: what the command line set, by the name of the setting.
    ///   - environment: all variables of the process.
    ///   - file: the configuration file, nil when there is none.
    /// - Throws: when the file cannot be read, or names a setting that does not exist.
    package init(
        flags: [String: String],
        environment: [String: String],
        file: String?
    ) throws(ConfigurationError) {
        var problems: [ConfigurationError] = []
        self.init(flags: flags, environment: environment, file: file, problems: &problems)
        if let problem = problems.first { throw problem }
    }

    /// Brings the three sources together, and adds what is wrong with the file to the problems.
    init(
        flags: [String: String],
        environment: [String: String],
        file: String?,
        problems: inout [ConfigurationError]
    ) {
        if let file {
            do {
                try read(file, &problems)
            } catch {
                problems.append(error)
            }
        }
        for setting in Setting.all {
            if let text = environment[setting.variable] {
                values[setting.name] = Value(text: text, origin: setting.variable)
            }
            if let text = flags[setting.name] {
                values[setting.name] = Value(text: text, origin: "--\(setting.name)")
            }
        }
    }

    private mutating func read(
        _ file: String,
        _ problems: inout [ConfigurationError]
    ) throws(ConfigurationError) {
        let text: String
        do {
            text = try String(contentsOfFile: file, encoding: .utf8)
        } catch {
            throw ConfigurationError("\(file): cannot be read")
        }
        let document: Yams.Node?
        do {
            document = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError("\(file): \(firstLine(of: "\(error)"))")
        }
        guard let document else { return }
        guard let mapping = document.mapping else {
            throw ConfigurationError("\(file): must be a mapping of settings to values")
        }
        for (key, value) in mapping {
            do throws(ConfigurationError) {
                try set(key, value, from: file)
            } catch {
                problems.append(error)
            }
        }
    }

    private mutating func set(
        _ key: Yams.Node,
        _ value: Yams.Node,
        from file: String
    ) throws(ConfigurationError) {
        let name = (key.string ?? "").replacing("_", with: "-")
        guard Setting.all.contains(where: { $0.name == name }) else {
            throw ConfigurationError("\(file): unknown setting '\(key.string ?? "?")'")
        }
        guard let scalar = value.scalar?.string else {
            throw ConfigurationError("\(file): \(name): must be a single value")
        }
        guard values[name] == nil else {
            throw ConfigurationError("\(file): \(name): is set twice")
        }
        values[name] = Value(text: scalar, origin: "\(file): \(name)")
    }

    private func firstLine(of text: String) -> String {
        String(text.split(separator: "\n").first ?? "is not YAML")
    }

    /// The text of a setting: as set, or its fallback; nil when it is off.
    func text(_ setting: Setting) -> String? {
        let text = values[setting.name]?.text ?? setting.fallback
        return text?.isEmpty == true ? nil : text
    }

    /// The number of a setting; nil when it is off, which none is that has a fallback.
    func number(
        _ setting: Setting,
        in range: ClosedRange<Int>
    ) throws(ConfigurationError) -> Int? {
        let digits = text(setting)
        if digits == nil, setting.fallback == nil { return nil }
        guard let number = digits.flatMap({ Int($0) }), range.contains(number) else {
            throw problem(
                setting,
                "must be a number from \(range.lowerBound) to \(range.upperBound)"
            )
        }
        return number
    }

    /// A span of time in milliseconds: a number and `h` or `d`, from an hour to a hundred years.
    func age(_ setting: Setting) throws(ConfigurationError) -> Int64? {
        guard let text = text(setting) else { return nil }
        let hours: Int64 = text.hasSuffix("d") ? 24 : 1
        guard
            text.hasSuffix("d") || text.hasSuffix("h"), let number = Int64(text.dropLast()),
            number >= 1, number <= 876_000 / hours
        else { throw problem(setting, "must be a number of days or hours, such as 90d or 36h") }
        return number * hours * 3_600_000
    }

    /// Whether a setting is on.
    func flag(_ setting: Setting) throws(ConfigurationError) -> Bool {
        switch text(setting)?.lowercased() {
        case "true", "yes", "on", "1": return true
        case nil, "false", "no", "off", "0": return false
        default: throw problem(setting, "must be true or false")
        }
    }

    /// One of several words.
    func choice<Choice: RawRepresentable & CaseIterable>(
        _ setting: Setting,
        _ type: Choice.Type
    ) throws(ConfigurationError) -> Choice where Choice.RawValue == String {
        guard let text = text(setting), let choice = Choice(rawValue: text) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw problem(setting, "must be one of \(words)")
        }
        return choice
    }

    /// An error about a setting, which names where it was set but not its value.
    func problem(_ setting: Setting, _ message: String) -> ConfigurationError {
        ConfigurationError(
            "\(values[setting.name]?.origin ?? setting.name): \(message)",
            setting: setting.name
        )
    }

    // MARK: Reviewing

    /// The setting with its source; secrets are masked.
    func row(_ setting: Setting) -> ConfigurationReview.Row {
        let value = text(setting).map { setting.isSecret ? "********" : $0 }
        let source = values[setting.name]?.origin ?? "default"
        return ConfigurationReview.Row(name: setting.name, value: value, source: source)
    }

    /// Forgets what was set; false when nothing was.
    mutating func remove(_ name: String) -> Bool {
        values.removeValue(forKey: name) != nil
    }
}
