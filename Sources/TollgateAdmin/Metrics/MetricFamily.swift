/// Samples of one kind under one name: what a room says about itself for `/metrics`.
///
/// Names follow Prometheus: `tollgate_<what>_<unit>`, with `_total` behind counters, in base units
/// (seconds, bytes). Labels take values from a small fixed set, never from a request.
package struct MetricFamily: Equatable, Sendable {
    /// How a value behaves.
    package enum Kind: String, Sendable {
        /// Only grows while the process lives.
        case counter
        /// Goes up and down.
        case gauge
    }

    /// A value, with what tells it apart from others of its family.
    package struct Sample: Equatable, Sendable {
        package let labels: [Label]
        package let value: Double

        package init(_ value: Double, labels: [Label] = []) {
            self.value = value
            self.labels = labels
        }
    }

    /// A name and a value.
    package struct Label: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    package let name: String
    package let kind: Kind
    /// One sentence on what is counted.
    package let help: String
    package let samples: [Sample]

    package init(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        self.name = name
        self.kind = kind
        self.help = help
        self.samples = samples
    }

    /// A family of one value.
    package init(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        self.init(name, kind, help, [Sample(value)])
    }

    /// A family of one count.
    package init(_ name: String, _ kind: Kind, _ help: String, _ count: some BinaryInteger) {
        self.init(name, kind, help, [Sample(Double(count))])
    }
}
