internal import CTollgateProto
package import TollgateCore

/// Models as the database keeps them: `tollgate.storage.v1.ModelRecord`.
///
/// A field that this version does not know is an error, as with `KeyRecordCodec`.
package enum ModelRecordCodec {
    private static let message = ProtobufMessage(
        tollgate__storage__v1__model_record__init
    )

    // MARK: Writing

    /// The bytes of what is stored about a model.
    package static func encode(_ stored: StoredModel) -> [UInt8] {
        var output = OutputBuffer(capacity: 256)
        switch stored {
        case .removed(let id):
            output.appendText(1, id)
            output.appendField(2, bool: true)
        case .model(let model):
            append(model, to: &output)
        }
        return output.array
    }

    private static func append(_ model: Model, to output: inout OutputBuffer) {
        output.appendText(1, model.id)
        output.appendText(3, model.provider)
        for alias in model.aliases { output.appendElement(4, text: alias) }
        if let count = model.maximumOutput {
            output.appendElement(5) { $0.appendField(1, unsigned: count) }
        }
        if let price = model.price {
            output.appendElement(6) {
                $0.appendField(1, unsigned: price.input)
                $0.appendField(2, unsigned: price.output)
                guard let cached = price.cachedInput else { return }
                $0.appendElement(3) { $0.appendField(1, unsigned: cached) }
            }
        }
        for supplier in model.suppliers {
            output.appendElement(7) {
                $0.appendText(1, supplier.name)
                $0.appendText(2, supplier.region)
            }
        }
    }

    // MARK: Reading

    /// What these bytes say about a model.
    ///
    /// - Throws: what `WireReader` refuses, `notText`, `badValue` for a price that is none, and
    ///   `unknownField`.
    package static func decode(_ bytes: Span<UInt8>) throws(WireError) -> StoredModel {
        try message.unpack(bytes) { message throws(WireError) in
            try message.base.requireNoUnknownFields()
            let id = try message.id.text()
            return message.is_removed != 0 ? .removed(id) : .model(try model(message, id))
        }
    }

    private static func model(
        _ message: Tollgate__Storage__V1__ModelRecord,
        _ id: String
    ) throws(WireError) -> Model {
        var suppliers: [ModelSupplier] = []
        for supplier in elements(message.suppliers, message.n_suppliers) {
            guard let supplier else { throw .badValue }
            try supplier.pointee.base.requireNoUnknownFields()
            suppliers.append(
                ModelSupplier(
                    name: try supplier.pointee.name.text(),
                    region: try supplier.pointee.region.text()
                )
            )
        }
        try message.maximum_output?.pointee.base.requireNoUnknownFields()
        return Model(
            id: id,
            provider: try message.provider.text(),
            aliases: try texts(message.aliases, message.n_aliases),
            maximumOutput: message.maximum_output?.pointee.count,
            price: try price(message.price),
            suppliers: suppliers
        )
    }

    private static func price(
        _ pointer: UnsafeMutablePointer<Tollgate__Storage__V1__ModelRecord__Price>?
    ) throws(WireError) -> ModelPrice? {
        guard let price = pointer?.pointee else { return nil }
        try price.base.requireNoUnknownFields()
        try price.cached_input?.pointee.base.requireNoUnknownFields()
        let cached = price.cached_input?.pointee.price
        guard max(price.input, price.output, cached ?? 0) <= ModelPrice.limit else {
            throw .badValue
        }
        return ModelPrice(input: price.input, output: price.output, cachedInput: cached)
    }
}
