internal import TollgateCore

/// What a list of models can be ordered by.
enum ModelSortField: String, SortField {
    case id
    case provider
    case inputPrice = "input_price"
    case outputPrice = "output_price"

    static let identity = id

    /// Where a model is; one without a price comes as if it were free.
    func place(of model: Model) -> ListPlace {
        let value: ListPlace.Value? =
            switch self {
            case .id: nil
            case .provider: .text(model.provider)
            case .inputPrice: .number(Int64(clamping: model.price?.input ?? 0))
            case .outputPrice: .number(Int64(clamping: model.price?.output ?? 0))
            }
        return ListPlace(value, model.id)
    }
}
