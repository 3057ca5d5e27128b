internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `GET /v1/models` lists the models and what they cost, by id.
enum ListModels: CatalogueReading {
    static let method = HTTPRequest.Method.get
    static let path = "/v1/models"
    static let name = "ListModels"
    static let summary = "Lists the models and what they cost."

    static var shape: OperationShape? {
        .reading(
            OperationShape.page(of: "models", ModelSchema.model),
            OperationShape.paging([
                .init("provider", .text, "Models of this provider."),
                .init("q", .text, "Models with this in their id or an alias."),
                ListOrder<ModelSortField>.parameter(usually: "By id"),
            ]),
            hasVersion: true
        )
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        var query = try QueryReader(call.query)
        let limit = try query.limit()
        let provider = query.text("provider")
        let search = query.text("q")?.lowercased()
        let order: ListOrder<ModelSortField> = try query.order()
        let cursors = order.cursors(of: path)
        let start = try query.start(in: cursors) { $0 }
        try query.finish()
        var page = OrderedPage<Model, ModelSortField>(order, after: start, limit: limit)
        for model in services.models.catalogue.models {
            if let provider, model.provider != provider { continue }
            if let search,
                !([model.id] + model.aliases).contains(where: {
                    $0.lowercased().contains(search)
                })
            {
                continue
            }
            page.add(model, at: order.field.place(of: model))
        }
        return APIReply(
            [
                "models": .array(page.entries.map(ModelDocument.json)),
                "next_cursor": cursors.json(behind: page.next),
            ],
            version: services.models.version
        )
    }
}
