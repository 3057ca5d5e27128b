internal import TollgateCore

/// A model as the API shows it and takes it: prices in USD for a million tokens.
enum ModelDocument {
    /// Writes a model; what is not known of it is left out.
    static func json(_ model: Model) -> JSONValue {
        var members = [
            JSONValue.Member("id", .string(model.id)),
            JSONValue.Member("provider", .string(model.provider)),
            JSONValue.Member("aliases", JSONValue(model.aliases)),
        ]
        if let price = model.price {
            members.append(JSONValue.Member("input_price", JSONValue(price: price.input)))
            members.append(JSONValue.Member("output_price", JSONValue(price: price.output)))
            if let cached = price.cachedInput {
                members.append(JSONValue.Member("cached_input_price", JSONValue(price: cached)))
            }
        }
        if let output = model.maximumOutput {
            members.append(JSONValue.Member("max_output_tokens", JSONValue(output)))
        }
        if !model.suppliers.isEmpty {
            members.append(JSONValue.Member("suppliers", .array(model.suppliers.map(json))))
        }
        return .object(members)
    }

    private static func json(_ supplier: ModelSupplier) -> JSONValue {
        var members = [JSONValue.Member("name", .string(supplier.name))]
        if !supplier.region.isEmpty {
            members.append(JSONValue.Member("region", .string(supplier.region)))
        }
        return .object(members)
    }
}
