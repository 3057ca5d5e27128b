internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/suppliers` lists, filters and sorts suppliers, without their credentials.
enum ListSuppliers: CatalogueReading {
    static let name = "ListSuppliers"
    static let summary = "Lists suppliers by name, without their credentials."
    static let method = HTTPRequest.Method.get
    static let path = "/v1/suppliers"

    static var shape: OperationShape? {
        .reading(
            OperationShape.page(of: "suppliers", SupplierSchema.supplier.answer),
            OperationShape.paging([
                .init("provider", .text, "Suppliers of this provider."),
                .init("region", .text, "Suppliers in this region."),
                ListOrder<SupplierSortField>.parameter(usually: "By name"),
            ]),
            hasVersion: true
        )
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        try call.expectSeesEverything()
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let provider = query.text("provider")
        let region = query.text("region")
        let order: ListOrder<SupplierSortField> = try query.order()
        let cursors = order.cursors(of: path)
        let start = try query.start(in: cursors) { $0 }
        try query.finish()
        var page = OrderedPage<SupplierRecord, SupplierSortField>(
            order,
            after: start,
            limit: limit
        )
        for record in services.suppliers.records {
            if let provider, record.provider != provider { continue }
            if let region, record.region != region { continue }
            page.add(record, at: order.field.place(of: record))
        }
        return APIReply(
            [
                "suppliers": .array(page.entries.map(SupplierDocument.json)),
                "next_cursor": cursors.json(behind: page.next),
            ],
            version: services.suppliers.version
        )
    }
}

/// What a list of suppliers can be ordered by.
private enum SupplierSortField: String, SortField {
    case name
    case provider
    case region
    case createdAt = "created_at"

    static let identity = name

    func place(of record: SupplierRecord) -> ListPlace {
        let value: ListPlace.Value? =
            switch self {
            case .name: nil
            case .provider: .text(record.provider)
            case .region: .text(record.region)
            case .createdAt: .number(record.createdAt.milliseconds)
            }
        return ListPlace(value, record.name)
    }
}
