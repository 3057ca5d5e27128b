/// The text that Prometheus reads (exposition format 0.0.4).
enum MetricsText {
    static let mediaType = "text/plain"

    /// What the answer's `content-type` says.
    static let contentType = "\(mediaType); version=0.0.4; charset=utf-8"

    /// Writes families in their order.
    static func text(of families: [MetricFamily]) -> String {
        families.map { text(of: $0) }.joined()
    }

    private static func text(of family: MetricFamily) -> String {
        var text = "# HELP \(family.name) \(escaped(family.help))\n"
        text += "# TYPE \(family.name) \(family.kind.rawValue)\n"
        for sample in family.samples {
            let labels = sample.labels.map { "\($0.name)=\"\(escapedValue($0.value))\"" }
            text += family.name + sample.suffix
            if !labels.isEmpty { text += "{\(labels.joined(separator: ","))}" }
            text += " \(number(sample.value))\n"
        }
        return text
    }

    /// A whole number without a fraction, anything else as short as it can be read back.
    private static func number(_ value: Double) -> String {
        if let whole = Int64(exactly: value) { return "\(whole)" }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return "\(value)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    }

    private static func escapedValue(_ text: String) -> String {
        escaped(text).replacing("\"", with: "\\\"")
    }
}
