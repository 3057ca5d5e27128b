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
        KeyFilter.parameters + [ListOrder<KeySortField>.parameter(usually: "The newest first")]
    )

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let now = services.time.now().wall
        return try page(of: path, call, services) { KeyDocument.json($0, at: now, use: $1) }
    }

    /// A page of the keys that the call's query asks for, each shown in one of the ways in which keys
    /// are shown.
    static func page(
        of path: String,
        _ call: APICall,
        _ services: AdminServices,
        _ show: (KeyRecord, KeyUse) -> JSONValue
    ) throws(APIError) -> APIReply {
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let filter = try KeyFilter(&query, at: services.time.now().wall)
        let order = try query.order(else: ListOrder<KeySortField>.newestFirst)
        let cursors = order.cursors(of: path)
        let start = try query.start(in: cursors) { KeyID($0.id) == nil ? nil : $0 }
        try query.finish()
        let keys = SeenKeys(services: services, viewer: call.principal)
        let page = try keys.page(in: order, after: start, limit: limit) { filter.wants($0) }
        let documents = try page.records.map { (record) throws(APIError) in
            show(record, try services.briefUse(of: record.id))
        }
        return APIReply([
            "keys": .array(documents), "next_cursor": cursors.json(behind: page.next),
        ])
    }
}
