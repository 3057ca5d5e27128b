internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/suppliers/{id}` reads a supplier, without its credential.
enum GetSupplier: CatalogueReading {
    static let name = "GetSupplier"
    static let summary = "Reads a supplier, without its credential."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/suppliers/{id}"

    static var shape: OperationShape? {
        .reading(SupplierSchema.supplier.answer, hasVersion: true)
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectSeesEverything()
        try QueryReader(call.query).finish()
        let name = try call.supplierName()
        let record = try APIError.translating(about: "supplier") { () throws(RegistryError) in
            try services.suppliers.supplier(name)
        }
        return APIReply(SupplierDocument.json(record), version: record.version)
    }
}

extension APICall {
    /// The name of the supplier in the path; what cannot be a name is that of no supplier.
    func supplierName() throws(APIError) -> String {
        guard let name = idText else { throw .noSuch("supplier") }
        return name
    }
}
