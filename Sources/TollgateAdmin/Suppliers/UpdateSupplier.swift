internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `PATCH /v1/suppliers/{id}` changes a supplier; `If-Match` keeps two writers from overwriting each
/// other.
enum UpdateSupplier: APIOperation {
    static let name = "UpdateSupplier"
    static let summary = "Changes a supplier: what is not there stays as it is, null empties."
    static let method = HTTPRequest.Method.patch
    static let path = "/v1/suppliers/{id}"
    static let permission = APIPermission.manageBilling

    static var shape: OperationShape? {
        var shape = OperationShape(reply: SupplierSchema.supplier.answer)
        shape.body = SupplierSchema.supplier.change
        shape.hasVersion = true
        shape.takesVersion = true
        shape.example = ["enabled": false]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectSeesEverything()
        let name = try call.supplierName()
        let required = try EntityTag.required(call.headers)
        let changes = try SupplierFields.changes(in: try ObjectReader(try call.document()))
        let record = try APIError.translating(about: "supplier") { () throws(RegistryError) in
            try services.suppliers.update(name, version: required, changes, by: call.principal)
        }
        return APIReply(SupplierDocument.json(record), version: record.version)
    }
}
