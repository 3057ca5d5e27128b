internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/models` lists the models and what they cost, by id.
enum ListModels: APIOperation {
    static let method = HTTPRequest.Method.get
    static let path = "/v1/models"
    static let name = "ListModels"
    static let summary = "Lists the models and what they cost."
    static let permission = APIPermission.viewAllUsage

    static var shape: OperationShape? {
        .reading(
            OperationShape.page(of: "models", ModelSchema.model),
            OperationShape.paging([
                .init("provider", .text, "Models of this provider."),
                .init("q", .text, "Models with this in their id or an alias."),
                .init("sort", .words(ModelOrder.names), "By what; - before it: downwards."),
            ]),
            hasVersion: true
        )
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let cursor = query.text("cursor")
        let provider = query.text("provider")
        let search = query.text("q")?.lowercased()
        let order =
            try query.value("sort", "must be one of \(ModelOrder.names.joined(separator: ", "))") {
                ModelOrder($0)
            } ?? ModelOrder()
        try query.finish()
        let catalogue = services.models.catalogue
        let last = cursor.flatMap { cursor in catalogue.models.first { $0.id == cursor } }
        if cursor != nil, last == nil {
            throw .invalidParameter("cursor", "must be a next_cursor of this list")
        }
        var models = catalogue.models.filter { model in
            if let last, !order.areInOrder(last, model) { return false }
            if let provider, model.provider != provider { return false }
            guard let search else { return true }
            return ([model.id] + model.aliases).contains { $0.lowercased().contains(search) }
        }
        models.sort(by: order.areInOrder)
        let next = models.count > limit ? models[limit - 1].id : nil
        return APIReply(
            [
                "models": .array(models.prefix(limit).map(ModelDocument.json)),
                "next_cursor": JSONValue(next),
            ],
            version: services.models.version
        )
    }
}
