internal import Foundation
internal import TollgateCore

/// Reads a catalogue of models from a JSON file.
///
/// `{"models": [{"id", "provider", "aliases"?, "max_output_tokens"?, "input_price"?,
/// "output_price"?, "cached_input_price"?}]}`, prices in USD for a million tokens.
enum ModelFile {
    private struct Document: Decodable {
        let models: [Entry]
    }

    private struct Entry: Decodable {
        let id: String
        let provider: String
        let aliases: [String]?
        let maximumOutput: UInt64?
        let inputPrice: Decimal?
        let outputPrice: Decimal?
        let cachedInputPrice: Decimal?

        private enum CodingKeys: String, CodingKey {
            case id
            case provider
            case aliases
            case maximumOutput = "max_output_tokens"
            case inputPrice = "input_price"
            case outputPrice = "output_price"
            case cachedInputPrice = "cached_input_price"
        }
    }

    /// The catalogue in a file.
    ///
    /// - Throws: what is wrong with it, with the model's id where there is one.
    static func read(_ path: String) throws(ConfigurationError) -> ModelCatalogue {
        let document: Document
        do {
            let data = try Data(contentsOf: URL(fileURLWithPath: path))
            document = try JSONDecoder().decode(Document.self, from: data)
        } catch let error as DecodingError {
            throw ConfigurationError("\(path): \(describe(error))")
        } catch {
            throw ConfigurationError("\(path): cannot be read")
        }
        guard document.models.count <= ModelCatalogue.modelLimit else {
            throw ConfigurationError("\(path): more than \(ModelCatalogue.modelLimit) models")
        }
        var models: [Model] = []
        for entry in document.models { models.append(try model(entry, in: path)) }
        return ModelCatalogue(models)
    }

    private static func model(
        _ entry: Entry,
        in path: String
    ) throws(ConfigurationError) -> Model {
        try check(entry.provider, as: .provider, of: entry, in: path)
        for name in [entry.id] + (entry.aliases ?? []) {
            try check(name, as: .model, of: entry, in: path)
        }
        return Model(
            id: entry.id,
            provider: entry.provider,
            aliases: entry.aliases ?? [],
            maximumOutput: entry.maximumOutput,
            price: try price(entry, in: path)
        )
    }

    /// What a request cannot name has no place in the catalogue.
    private static func check(
        _ name: String,
        as field: CheckRequest.Field,
        of entry: Entry,
        in path: String
    ) throws(ConfigurationError) {
        let bytes = Array(name.utf8)
        guard (1...field.limit).contains(bytes.count), Text.isValid(bytes.span) else {
            throw ConfigurationError(
                "\(path): model '\(entry.id)': a name must be 1 to \(field.limit) bytes of text"
            )
        }
    }

    private static func price(
        _ entry: Entry,
        in path: String
    ) throws(ConfigurationError) -> ModelPrice? {
        guard let input = entry.inputPrice, let output = entry.outputPrice else {
            guard entry.inputPrice == nil, entry.outputPrice == nil else {
                throw ConfigurationError(
                    "\(path): model '\(entry.id)': needs both input_price and output_price"
                )
            }
            return nil
        }
        func pico(_ usd: Decimal) throws(ConfigurationError) -> UInt64 {
            var scaled = usd * 1_000_000
            var rounded = Decimal()
            NSDecimalRound(&rounded, &scaled, 0, .up)
            guard usd >= 0, rounded <= Decimal(ModelPrice.limit) else {
                throw ConfigurationError("\(path): model '\(entry.id)': a price is out of range")
            }
            return NSDecimalNumber(decimal: rounded).uint64Value
        }
        var cached: UInt64?
        if let price = entry.cachedInputPrice { cached = try pico(price) }
        return ModelPrice(input: try pico(input), output: try pico(output), cachedInput: cached)
    }

    private static func describe(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }
                .joined()
        }
        switch error {
        case .keyNotFound(let key, let context):
            return "\(place(context)).\(key.stringValue): is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            return "\(place(context)): has another type than it should"
        case .dataCorrupted: return "is not valid JSON"
        @unknown default: return "cannot be read"
        }
    }
}
