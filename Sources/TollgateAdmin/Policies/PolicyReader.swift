internal import TollgateCore

/// Reads policy documents, IAM rules and pricing restrictions from JSON.
///
/// Here every field has to be there once, known, and of the right type: what is not known could be
/// a condition, and a statement without it says something else. What the values mean is for
/// `Policy` to judge.
enum PolicyReader {
    /// A policy document.
    ///
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func document(
        _ value: JSONValue,
        at path: FieldPath
    ) throws(APIError) -> PolicyDocument {
        var reader = try ObjectReader(value, at: path)
        var document = PolicyDocument()
        if let version = try reader.text("version").orNil { document.version = version }
        for (value, path) in try reader.elements("statements") {
            document.statements.append(try statement(value, at: path))
        }
        try reader.finish()
        return document
    }

    /// A list of IAM rules.
    ///
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func rules(_ value: JSONValue, at path: FieldPath) throws(APIError) -> [IAMRule] {
        var rules: [IAMRule] = []
        for (value, path) in try ObjectReader.elements(value, at: path) {
            rules.append(try rule(value, at: path))
        }
        return rules
    }

    /// A pricing restriction; what the object does not say stays as it is.
    ///
    /// - Parameters:
    ///   - value: the object.
    ///   - path: where it is.
    ///   - old: the restriction as it is.
    /// - Returns: the restriction as it is to be.
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func pricing(
        _ value: JSONValue,
        at path: FieldPath,
        mergedInto old: PricingRule = PricingRule()
    ) throws(APIError) -> PricingRule {
        var reader = try ObjectReader(value, at: path)
        var pricing = old
        if let name = try reader.text("tier").or(PricingTier.any.name) {
            guard let tier = PricingTier.allCases.first(where: { $0.name == name }) else {
                throw .invalidField(reader.path(of: "tier"), "must be any, free or paid")
            }
            pricing.tier = tier
        }
        try reader.readMaxima(into: &pricing)
        try reader.finish()
        return pricing
    }

    private static func statement(
        _ value: JSONValue,
        at path: FieldPath
    ) throws(APIError) -> PolicyStatement {
        var reader = try ObjectReader(value, at: path)
        let name = try reader.needed("effect", try reader.text("effect"))
        guard let effect = PolicyEffect.allCases.first(where: { $0.name == name }) else {
            throw .invalidField(reader.path(of: "effect"), "must be Allow or Deny")
        }
        var statement = PolicyStatement(
            effect: effect,
            actions: try reader.needed("actions", try reader.texts("actions")),
            resources: try reader.needed("resources", try reader.texts("resources"))
        )
        if let condition = try reader.object("condition").orNil {
            statement.condition = try PolicyConditionReader.condition(condition)
        }
        try reader.finish()
        return statement
    }

    private static func rule(_ value: JSONValue, at path: FieldPath) throws(APIError) -> IAMRule {
        var reader = try ObjectReader(value, at: path)
        let type = try reader.needed("type", try reader.text("type"))
        let rule: IAMRule
        switch type {
        case "allow_models": rule = .allowModels(try names("models", of: &reader))
        case "deny_models": rule = .denyModels(try names("models", of: &reader))
        case "allow_providers": rule = .allowProviders(try names("providers", of: &reader))
        case "deny_providers": rule = .denyProviders(try names("providers", of: &reader))
        case "allow_pricing": rule = .allowPricing(try pricing(of: &reader))
        case "deny_pricing": rule = .denyPricing(try pricing(of: &reader))
        default:
            throw .invalidField(
                reader.path(of: "type"),
                "must be allow_ or deny_ and models, providers or pricing"
            )
        }
        try reader.finish()
        return rule
    }

    private static func names(
        _ name: String,
        of reader: inout ObjectReader
    ) throws(APIError) -> [String] {
        try reader.needed(name, try reader.texts(name))
    }

    private static func pricing(of reader: inout ObjectReader) throws(APIError) -> PricingRule {
        var pricing = PricingRule()
        switch try reader.text("pricing_type").orNil {
        case nil: break
        case "free": pricing.tier = .free
        case "paid": pricing.tier = .paid
        default: throw .invalidField(reader.path(of: "pricing_type"), "must be free or paid")
        }
        try reader.readMaxima(into: &pricing)
        return pricing
    }
}

extension ObjectReader {
    fileprivate mutating func readMaxima(into pricing: inout PricingRule) throws(APIError) {
        switch try price("max_input_price") {
        case .absent: break
        case .null: pricing.maxInputPrice = nil
        case .value(let price): pricing.maxInputPrice = price
        }
        switch try price("max_output_price") {
        case .absent: break
        case .null: pricing.maxOutputPrice = nil
        case .value(let price): pricing.maxOutputPrice = price
        }
    }

    /// The elements of an array that must be there, each with its path.
    mutating func elements(
        _ name: String,
        atMost limit: Int = .max
    ) throws(APIError) -> [(value: JSONValue, path: FieldPath)] {
        let value = try needed(name, take(name))
        return try ObjectReader.elements(value, at: path(of: name), atMost: limit)
    }

    fileprivate static func elements(
        _ value: JSONValue,
        at path: FieldPath,
        atMost limit: Int = .max
    ) throws(APIError) -> [(value: JSONValue, path: FieldPath)] {
        guard case .array(let elements) = value else {
            throw .invalidField(path, "must be an array, not \(value.kind)")
        }
        guard elements.count <= limit else {
            throw .invalidField(path, "must have at most \(limit) entries")
        }
        return elements.enumerated().map { ($0.element, path.element($0.offset)) }
    }

    /// The value of a field that must be there.
    func needed<Value>(_ name: String, _ field: Field<Value>) throws(APIError) -> Value {
        guard let value = field.orNil else { throw .invalidField(path(of: name), "is missing") }
        return value
    }
}

extension Field {
    /// The value, nil when the field is not there or empty.
    var orNil: Value? {
        if case .value(let value) = self { return value }
        return nil
    }
}
