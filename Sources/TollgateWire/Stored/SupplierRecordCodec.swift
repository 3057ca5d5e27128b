internal import CTollgateProto
package import TollgateCore

/// Suppliers as the database keeps them: `tollgate.storage.v1.SupplierRecord`.
///
/// A field that this version does not know is an error, as with `KeyRecordCodec`.
package enum SupplierRecordCodec {
    private static let message = ProtobufMessage(
        tollgate__storage__v1__supplier_record__init
    )

    // MARK: Writing

    /// The bytes of a supplier.
    package static func encode(_ record: SupplierRecord) -> [UInt8] {
        var output = OutputBuffer(capacity: 512)
        output.appendText(1, record.name)
        output.appendText(2, record.provider)
        output.appendText(3, record.region)
        output.appendText(4, record.baseURL)
        output.appendText(5, record.hostHeader ?? "")
        if let credential = record.credential {
            output.appendElement(6) {
                $0.appendField(1, unsigned: number(of: credential.form))
                if case .header(let name) = credential.form { $0.appendText(2, name) }
                $0.appendElement(3, bytes: credential.box.span)
            }
        }
        output.appendField(7, bool: !record.isEnabled)
        for model in record.models { output.appendElement(8, text: model) }
        output.appendField(9, unsigned: record.version)
        output.appendTime(10, record.createdAt)
        output.appendTime(11, record.updatedAt)
        return output.array
    }

    private static func number(of form: CredentialForm) -> UInt64 {
        switch form {
        case .bearer: 1
        case .header: 2
        case .basic: 3
        }
    }

    // MARK: Reading

    /// The supplier in these bytes.
    ///
    /// - Throws: what `WireReader` refuses, `notText`, `badValue` for a form of credential that is
    ///   none, and `unknownField`.
    package static func decode(_ bytes: Span<UInt8>) throws(WireError) -> SupplierRecord {
        try message.unpack(bytes) { message throws(WireError) in
            try message.base.requireNoUnknownFields()
            var record = SupplierRecord(
                name: try message.name.text(),
                provider: try message.provider.text(),
                baseURL: try message.base_url.text(),
                createdAt: WallTime(milliseconds: message.created_at_ms)
            )
            record.region = try message.region.text()
            record.hostHeader = try message.host_header.optionalText()
            record.credential = try credential(message.credential)
            record.isEnabled = message.is_disabled == 0
            record.models = try texts(message.models, message.n_models)
            record.version = message.version
            record.updatedAt = WallTime(milliseconds: message.updated_at_ms)
            return record
        }
    }

    private static func credential(
        _ pointer: UnsafeMutablePointer<Tollgate__Storage__V1__SupplierRecord__Credential>?
    ) throws(WireError) -> SealedCredential? {
        guard let credential = pointer?.pointee else { return nil }
        try credential.base.requireNoUnknownFields()
        let form: CredentialForm
        switch credential.form.rawValue {
        case 1: form = .bearer
        case 2: form = .header(try credential.header.text())
        case 3: form = .basic
        default: throw .badValue
        }
        return SealedCredential(form: form, box: credential.box.bytes)
    }
}
