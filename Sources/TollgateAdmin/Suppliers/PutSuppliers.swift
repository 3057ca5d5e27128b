internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `PUT /v1/suppliers` adds suppliers, or replaces those of the same names; all of them, or none.
enum PutSuppliers: APIOperation {
    static let name = "PutSuppliers"
    static let summary = "Adds suppliers, or replaces those of the same names; all, or none."
    static let method = HTTPRequest.Method.put
    static let path = "/v1/suppliers"
    static let permission = APIPermission.manageBilling

    static var shape: OperationShape? {
        var shape = OperationShape(
            reply: SupplierSchema.list(of: SupplierSchema.supplier.answer)
        )
        shape.body = SupplierSchema.creation
        shape.hasVersion = true
        shape.takesVersion = true
        shape.example = SupplierSchema.example
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectSeesEverything()
        let required = try EntityTag.required(call.headers)
        let suppliers = try SupplierFields.suppliers(in: try call.document())
        let records = try APIError.translating(about: "supplier") { () throws(RegistryError) in
            try services.suppliers.put(suppliers, version: required, by: call.principal)
        }
        return APIReply(
            ["suppliers": .array(records.map(SupplierDocument.json))],
            version: services.suppliers.version
        )
    }
}
