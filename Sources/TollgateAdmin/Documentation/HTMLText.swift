/// Text of an HTML page, which is put together from escaped parts only.
struct HTMLText: ExpressibleByStringInterpolation, Sendable {
    private(set) var text: String

    /// Markup of our own, as it is.
    init(stringLiteral text: String) {
        self.text = text
    }

    init(stringInterpolation: Interpolation) {
        text = stringInterpolation.text
    }

    init(joining parts: [HTMLText]) {
        text = parts.map(\.text).joined()
    }

    /// Markup whose values are escaped unless they are markup themselves.
    struct Interpolation: StringInterpolationProtocol {
        fileprivate var text = ""

        init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity)
        }

        mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        mutating func appendInterpolation(_ value: String) {
            text += HTMLText.escape(value)
        }

        mutating func appendInterpolation(_ part: HTMLText) {
            text += part.text
        }

        mutating func appendInterpolation(_ parts: [HTMLText]) {
            for part in parts { text += part.text }
        }
    }

    /// The text with everything that means something to HTML taken out of it.
    private static func escape(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
