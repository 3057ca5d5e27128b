internal import TollgateCore

/// In which order a list has the models: by one of their fields, and by id where that is the same.
struct ModelOrder {
    private enum Field: String, CaseIterable {
        case id
        case provider
        case inputPrice = "input_price"
        case outputPrice = "output_price"
    }

    private var field = Field.id
    private var isDownward = false

    /// What `sort` may say.
    static let names = Field.allCases.flatMap { [$0.rawValue, "-" + $0.rawValue] }

    /// By id.
    init() {}

    init?(_ text: String) {
        isDownward = text.hasPrefix("-")
        guard let field = Field(rawValue: String(isDownward ? text.dropFirst() : text[...])) else {
            return nil
        }
        self.field = field
    }

    /// Whether one model comes before another; those without a price come as if they were free.
    func areInOrder(_ first: Model, _ second: Model) -> Bool {
        let (left, right) = isDownward ? (second, first) : (first, second)
        switch field {
        case .id: return left.id < right.id
        case .provider: return (left.provider, left.id) < (right.provider, right.id)
        case .inputPrice:
            return (left.price?.input ?? 0, left.id) < (right.price?.input ?? 0, right.id)
        case .outputPrice:
            return (left.price?.output ?? 0, left.id) < (right.price?.output ?? 0, right.id)
        }
    }
}
