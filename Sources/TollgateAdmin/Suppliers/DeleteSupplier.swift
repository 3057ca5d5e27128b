internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `DELETE /v1/suppliers/{id}` forgets a supplier and its credential for good.
///
/// Models may still name it; requests to it then find no endpoint of that name.
enum DeleteSupplier: APIOperation {
    static let name = "DeleteSupplier"
    static let summary = "Forgets a supplier and its credential for good."
    static let method = HTTPRequest.Method.delete
    static let path = "/v1/suppliers/{id}"
    static let permission = APIPermission.manageBilling

    static var shape: OperationShape? {
        var shape = OperationShape.removing(by: "name")
        shape.takesVersion = true
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectSeesEverything()
        try call.expectNoFields()
        let name = try call.supplierName()
        let required = try EntityTag.required(call.headers)
        try APIError.translating(about: "supplier") { () throws(RegistryError) in
            try services.suppliers.remove(name, version: required, by: call.principal)
        }
        return .removed("name", name)
    }
}
