internal import TollgateCore
internal import TollgateEngine

/// Reads what a caller wants a supplier to be.
///
/// PATCH merges: a field that is not there stays as it is, null empties it. The credential is
/// replaced as a whole, for nothing of the old one is known to the caller.
enum SupplierFields {
    /// The suppliers of a PUT.
    ///
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func suppliers(
        in document: JSONValue
    ) throws(APIError) -> [(name: String, changes: SupplierChanges)] {
        var reader = try ObjectReader(document)
        let elements = try reader.elements("suppliers", atMost: SupplierRegistry.countLimit)
        try reader.finish()
        var suppliers: [(name: String, changes: SupplierChanges)] = []
        for (element, path) in elements {
            var reader = try ObjectReader(element, at: path)
            let name = try reader.needed("name", try reader.text("name"))
            suppliers.append((name, try changes(in: reader)))
        }
        return suppliers
    }

    /// The fields of one supplier.
    ///
    /// - Throws: a 400 with the path of the first field that cannot be.
    static func changes(in object: ObjectReader) throws(APIError) -> SupplierChanges {
        var reader = object
        var changes = SupplierChanges()
        changes.provider = try reader.filled("provider", try reader.text("provider"))
        changes.region = try reader.text("region").or("")
        changes.baseURL = try reader.filled("base_url", try reader.text("base_url"))
        changes.hostHeader = try reader.text("host_header").orNull
        switch try reader.object("credential") {
        case .absent: break
        case .null: changes.credential = .some(nil)
        case .value(let members): changes.credential = try credential(members)
        }
        changes.isEnabled = try reader.flag("enabled").or(true)
        changes.models = try reader.texts("models").or([])
        try reader.finish()
        return changes
    }

    private static func credential(
        _ object: ObjectReader
    ) throws(APIError) -> SupplierChanges.Credential {
        var reader = object
        let type = try reader.needed("type", try reader.text("type"))
        let value = try reader.needed("value", try reader.text("value"))
        let header = try reader.text("header").orNil
        try reader.finish()
        let form: CredentialForm
        switch type {
        case "bearer": form = .bearer
        case "basic": form = .basic
        case "header":
            guard let header else {
                throw .invalidField(reader.path(of: "header"), "is missing")
            }
            form = .header(header.lowercased())
        default:
            throw .invalidField(reader.path(of: "type"), "must be bearer, header or basic")
        }
        if type != "header", header != nil {
            throw .invalidField(reader.path(of: "header"), "is only for the type header")
        }
        return SupplierChanges.Credential(form: form, value: value)
    }
}
