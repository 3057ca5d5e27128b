internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/organizations/{id}/credits` adds to what an organisation has paid in advance; with
/// `If-Match` a payment that is sent twice counts once.
enum PayCredits: APIOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/organizations/{id}/credits"
    static let name = "PayCredits"
    static let summary = "Adds to what an organization has paid in advance."
    static let permission = APIPermission.manageBilling

    static var shape: OperationShape? {
        var shape = OperationShape(reply: GroupSchema.record(.organization).answer)
        shape.body = .object([
            .init(name: "amount", description: "USD.", schema: .positive, isRequired: true)
        ])
        shape.hasVersion = true
        shape.takesVersion = true
        shape.example = ["amount": 50]
        return shape
    }

    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply {
        let id = try call.groupID(.organization)
        let required = try EntityTag.required(call.headers)
        var reader = try ObjectReader(try call.document())
        let nanos = try reader.decimal("amount", decimals: 9, upTo: Limit.highest)
        try reader.finish()
        guard let nanos = nanos.orNil else { throw .invalidField("amount", "is missing") }
        let record = try APIError.translating(about: "organization") {
            () throws(RegistryError) in
            try services.groups.pay(
                Money(nanos: nanos),
                to: id,
                version: required,
                by: call.principal
            )
        }
        // The payment counts, whether or not it can be said right now what was spent.
        let usage = try? services.usage(of: id)
        return APIReply(GroupDocument.json(record, usage: usage), version: record.version)
    }
}
