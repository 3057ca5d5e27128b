internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/models` lists the models and what they cost, by id.
enum ListModels: APIOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/v1/models"
    static let permission = APIPermission.viewAllUsage

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let cursor = query.text("cursor")
        let provider = query.text("provider")
        let search = query.text("q")?.lowercased()
        try query.finish()
        var models = services.models.catalogue.models.filter { model in
            if let cursor, model.id <= cursor { return false }
            if let provider, model.provider != provider { return false }
            guard let search else { return true }
            return ([model.id] + model.aliases).contains { $0.lowercased().contains(search) }
        }
        models.sort { $0.id < $1.id }
        let next = models.count > limit ? models[limit - 1].id : nil
        return APIReply([
            "models": .array(models.prefix(limit).map(ModelDocument.json)),
            "next_cursor": JSONValue(next),
        ])
    }
}
