package import TollgateCore
internal import TollgateEngine

/// Reads models: `{"models":[{"id","provider","aliases","input_price",…}]}`.
///
/// The same for a request and for a file. Prices are in USD for a million tokens; what is below a
/// pico-USD for a token is rounded up.
package enum ModelFields {
    /// Why a file's models cannot be.
    package struct Problem: Error, Equatable, Sendable {
        /// One line, with the path of the field.
        package let message: String
    }

    /// The models of a JSON text.
    package static func models(in bytes: [UInt8]) throws(Problem) -> [Model] {
        do {
            let models = try models(in: try JSONParser.value(of: bytes))
            for (index, model) in models.enumerated() {
                try ModelRegistry.check(model, at: "models[\(index)]")
            }
            return models
        } catch let problem as JSONProblem {
            throw Problem(
                message: "line \(problem.line), column \(problem.column): \(problem.message)"
            )
        } catch let error as RegistryError {
            throw Problem(message: APIError(error).message)
        } catch let error as APIError {
            throw Problem(message: error.message)
        } catch {
            throw Problem(message: "cannot be read")
        }
    }

    /// The models of a document.
    ///
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func models(in document: JSONValue) throws(APIError) -> [Model] {
        var reader = try ObjectReader(document)
        let elements = try reader.elements("models", atMost: ModelCatalogue.modelLimit)
        try reader.finish()
        var models: [Model] = []
        models.reserveCapacity(elements.count)
        for (element, path) in elements { models.append(try model(element, at: path)) }
        return models
    }

    private static func model(_ value: JSONValue, at path: FieldPath) throws(APIError) -> Model {
        var reader = try ObjectReader(value, at: path)
        let id = try reader.needed("id", try reader.text("id"))
        let provider = try reader.needed("provider", try reader.text("provider"))
        let aliases = try reader.texts("aliases").orNil ?? []
        let output = try reader.whole("max_output_tokens", in: 0...Int64(Charge.highestTokens))
        let price = try price(of: &reader)
        let suppliers = try suppliers(of: &reader)
        try reader.finish()
        return Model(
            id: id,
            provider: provider,
            aliases: aliases,
            maximumOutput: output.orNil.map { UInt64($0) },
            price: price,
            suppliers: suppliers
        )
    }

    private static func price(of reader: inout ObjectReader) throws(APIError) -> ModelPrice? {
        let input = try reader.roundedPrice("input_price")
        let output = try reader.roundedPrice("output_price")
        let cached = try reader.roundedPrice("cached_input_price")
        switch (input, output) {
        case (nil, nil):
            if cached == nil { return nil }
            throw .invalidField(reader.path(of: "input_price"), "is missing")
        case (nil, _): throw .invalidField(reader.path(of: "input_price"), "is missing")
        case (_, nil): throw .invalidField(reader.path(of: "output_price"), "is missing")
        case (let input?, let output?):
            return ModelPrice(input: input, output: output, cachedInput: cached)
        }
    }

    private static func suppliers(
        of reader: inout ObjectReader
    ) throws(APIError) -> [ModelSupplier] {
        guard let value = reader.take("suppliers").orNil else { return [] }
        let path = reader.path(of: "suppliers")
        guard case .array(let elements) = value else {
            throw .invalidField(path, "must be an array, not \(value.kind)")
        }
        var suppliers: [ModelSupplier] = []
        for (index, element) in elements.enumerated() {
            var reader = try ObjectReader(element, at: path.element(index))
            let name = try reader.needed("name", try reader.text("name"))
            let region = try reader.text("region").orNil ?? ""
            try reader.finish()
            suppliers.append(ModelSupplier(name: name, region: region))
        }
        return suppliers
    }
}

extension ObjectReader {
    /// A price in USD for a million tokens, as pico-USD for each; nil when there is none.
    fileprivate mutating func roundedPrice(_ name: String) throws(APIError) -> UInt64? {
        guard let value = take(name).orNil else { return nil }
        let picos: Int64? =
            switch value {
            case .integer(let number): FixedPoint.value("\(number)", decimals: 6)
            case .number(let text): FixedPoint.value(text, decimals: 6, roundsUp: true)
            default: nil
            }
        guard let picos, (0...Int64(ModelPrice.limit)).contains(picos) else {
            let highest = FixedPoint.text(Int64(ModelPrice.limit), decimals: 6)
            throw .invalidField(path(of: name), "must be a number from 0 to \(highest)")
        }
        return UInt64(picos)
    }
}
