internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/keys` lists, filters and searches keys, the newest first.
enum ListKeys: APIOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/v1/keys"
    static let permission = APIPermission.manageKeys

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let now = services.time.now().wall
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let cursor = try query.value("cursor", "must be a next_cursor of this list") { KeyID($0) }
        let filter = try KeyFilter(&query, at: now)
        try query.finish()
        let page = try APIError.translating { () throws(RegistryError) in
            try services.registry.keys(after: cursor, limit: limit) { filter.wants($0) }
        }
        return APIReply([
            "keys": .array(page.records.map { KeyDocument.json($0, at: now) }),
            "next_cursor": JSONValue(page.next.map { "\($0)" }),
        ])
    }
}
