/// What an administrator wants to hear about a key, and what of its requests to look at.
///
/// What comes of it is for those who watch keys to do.
package struct KeyNotices: Equatable, Sendable {
    /// Percentages of a budget at which to tell someone.
    package struct BudgetAlerts: Equatable, Sendable {
        package var thresholds: [UInt8]
        package var notifyEmail: String?

        package init(thresholds: [UInt8] = [], notifyEmail: String? = nil) {
            self.thresholds = thresholds
            self.notifyEmail = notifyEmail
        }
    }

    /// What else to tell someone about.
    package struct Alerts: Equatable, Sendable {
        /// Percentages of a budget.
        package var budgetThreshold: [UInt8] = []
        /// A percentage of a rate.
        package var rateLimitPercentage: UInt8?
        /// How many requests may be refused for their credentials.
        package var failedAuthThreshold: UInt32?
        package var unusualPatterns = false

        package init() {}
    }

    /// Where to send events.
    package struct Webhooks: Equatable, Sendable {
        package var isEnabled = false
        package var url: String?
        package var events: [String] = []
        /// What to sign with, encrypted; empty for nothing.
        package var secret: [UInt8] = []

        package init() {}
    }

    /// A pattern to look for in what is asked.
    package struct ContentRule: Hashable, Sendable {
        package var name: String
        package var pattern: String
        package var isBlocking: Bool

        package init(name: String, pattern: String, isBlocking: Bool) {
            self.name = name
            self.pattern = pattern
            self.isBlocking = isBlocking
        }
    }

    /// Whether requests that are unlike the key's others are looked for.
    package struct Anomaly: Equatable, Sendable {
        package var isEnabled = false
        package var isBlocking = false
        /// How many of its usual hours together a key may use in one hour.
        package var factor = usualFactor

        /// What is meant when nothing is said.
        package static let usualFactor: Int64 = 10
        /// The factors that can be.
        package static let factors: ClosedRange<Int64> = 2...1000

        package init() {}
    }

    package var budgetAlerts: BudgetAlerts?
    package var alerts: Alerts?
    package var webhooks: Webhooks?
    package var contentRules: [ContentRule] = []
    package var anomaly: Anomaly?

    package init() {}

    /// Whether somebody is to be told when so much of a limit is used.
    var haveThresholds: Bool {
        budgetAlerts?.thresholds.isEmpty == false || alerts?.budgetThreshold.isEmpty == false
            || alerts?.rateLimitPercentage != nil
    }

    /// The most entries of each list.
    package static let entryLimit = 64
    /// The most bytes of a text.
    package static let textLimit = 1024
}
