/// Where in a document a value is, written as `ip_allowlist.addresses[2]`.
package struct FieldPath: Equatable, Sendable {
    private enum Step: Equatable, Sendable {
        case name(String)
        case index(Int)
    }

    private var steps: [Step] = []

    /// The document itself.
    package init() {}

    package mutating func append(name: String) {
        steps.append(.name(name))
    }

    package mutating func append(index: Int) {
        steps.append(.index(index))
    }

    package mutating func removeLast() {
        steps.removeLast()
    }

    /// The path of a member.
    package func member(_ name: String) -> FieldPath {
        var path = self
        path.append(name: name)
        return path
    }

    /// The path of an element.
    package func element(_ index: Int) -> FieldPath {
        var path = self
        path.append(index: index)
        return path
    }
}

extension FieldPath: CustomStringConvertible {
    package var description: String {
        var text = ""
        for step in steps {
            switch step {
            case .name(let name):
                // Names are the caller's; an answer repeats no more of them than helps.
                let shown = name.count > 100 ? name.prefix(100) + "…" : name[...]
                text += text.isEmpty ? shown : ".\(shown)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }
}
