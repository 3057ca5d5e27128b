internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/suppliers` lists and filters suppliers by name, without their credentials.
enum ListSuppliers: APIOperation {
    static let name = "ListSuppliers"
    static let summary = "Lists suppliers by name, without their credentials."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/suppliers"
    static let permission = APIPermission.viewAllUsage

    static var shape: OperationShape? {
        .reading(
            OperationShape.page(of: "suppliers", SupplierSchema.supplier.answer),
            OperationShape.paging([
                .init("provider", .text, "Suppliers of this provider."),
                .init("region", .text, "Suppliers in this region."),
            ]),
            hasVersion: true
        )
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectSeesEverything()
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let cursor = query.text("cursor")
        let provider = query.text("provider")
        let region = query.text("region")
        try query.finish()
        let records = services.suppliers.records.filter { record in
            if let cursor, record.name <= cursor { return false }
            if let provider, record.provider != provider { return false }
            if let region, record.region != region { return false }
            return true
        }
        let next = records.count > limit ? records[limit - 1].name : nil
        return APIReply(
            [
                "suppliers": .array(records.prefix(limit).map(SupplierDocument.json)),
                "next_cursor": JSONValue(next),
            ],
            version: services.suppliers.version
        )
    }
}
