internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/keys` lists, filters, searches and sorts keys.
enum ListKeys: APIOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/v1/keys"
    static let name = "ListKeys"
    static let summary = "Lists, filters and searches keys, the newest first."
    static let permission = APIPermission.manageKeys

    static var shape: OperationShape? {
        .reading(
            OperationShape.page(of: "keys", KeySchema.key.answer),
            parameters
        )
    }

    /// The parameters that every list of keys has.
    static let parameters = OperationShape.paging(
        KeyFilter.parameters + [
            .init(
                "sort",
                .words(KeyOrder.allCases.map(\.rawValue)),
                "By what; - before it: downwards. The newest first when it is not said."
            )
        ]
    )

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let now = services.time.now().wall
        return try page(call, services) { KeyDocument.json($0, at: now) }
    }

    /// A page of the keys that the call's query asks for, each shown in one of the ways in which keys
    /// are shown.
    static func page(
        _ call: APICall,
        _ services: AdminServices,
        _ show: (KeyRecord) -> JSONValue
    ) throws(APIError) -> APIReply {
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let cursor = try query.value("cursor", "must be a next_cursor of this list") { KeyID($0) }
        let filter = try KeyFilter(&query, at: services.time.now().wall)
        let order =
            try query.value("sort", "must be created_at, -created_at, name or -name") {
                KeyOrder(rawValue: $0)
            } ?? .newestFirst
        try query.finish()
        let keys = SeenKeys(registry: services.registry, viewer: call.principal)
        let page = try order.page(of: keys, after: cursor, limit: limit) { filter.wants($0) }
        return APIReply([
            "keys": .array(page.records.map(show)),
            "next_cursor": JSONValue(page.next.map { "\($0)" }),
        ])
    }
}
