package import TollgateMetrics

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
        /// Counts by size: samples are the buckets, the sum and the count.
        case histogram
    }

    /// A value, with what tells it apart from others of its family.
    package struct Sample: Equatable, Sendable {
        /// What is behind the family's name, of the parts of a histogram.
        package let suffix: String
        package let labels: [Label]
        package let value: Double

        package init(_ value: Double, labels: [Label] = [], suffix: String = "") {
            self.suffix = suffix
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

    /// A histogram of times, in seconds.
    package init(_ name: String, _ help: String, _ counts: LatencyCounts) {
        var samples: [Sample] = []
        var sum: UInt64 = 0
        for (cell, count) in counts.cells.enumerated() {
            sum &+= count
            let isBounded = LatencyBounds.seconds.indices.contains(cell)
            let bound = isBounded ? LatencyBounds.seconds[cell] : "+Inf"
            samples.append(Sample(Double(sum), labels: [Label("le", bound)], suffix: "_bucket"))
        }
        samples.append(Sample(Double(counts.nanoseconds) / 1e9, suffix: "_sum"))
        samples.append(Sample(Double(sum), suffix: "_count"))
        self.init(name, .histogram, help, samples)
    }

    /// A family of one count.
    package init(_ name: String, _ kind: Kind, _ help: String, _ count: some BinaryInteger) {
        self.init(name, kind, help, [Sample(Double(count))])
    }
}
