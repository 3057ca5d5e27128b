internal import HTTPTypes
internal import TollgateCore
internal import TollgateEngine

/// What documentation says of an operation.
protocol DocumentedOperation: Sendable {
    /// What the operation is called, in OpenAPI and as a method of `tollgate.v1.KeyManagement`.
    static var name: String { get }

    /// One sentence on what it does.
    static var summary: String { get }

    static var method: HTTPRequest.Method { get }

    /// The path; `{id}` stands for the id of a key, a group or a model.
    static var path: String { get }

    /// What the caller's key must have, in a sentence behind "a key with"; nil where none is needed.
    static var keyRequirement: String? { get }

    /// What it takes and answers; nil leaves it out of the documentation, which a test forbids.
    static var shape: OperationShape? { get }
}

/// An operation that anybody may ask for: what load balancers, orchestrators and Prometheus do.
protocol OpenOperation: DocumentedOperation {}

extension OpenOperation {
    static var keyRequirement: String? { nil }
}

/// One operation of the management API: the row of a table, and a function from call to reply.
///
/// `answer` may wait for the disk: it runs on a thread that is there for waiting. It neither knows
/// nor needs to know how the call came.
protocol APIOperation: DocumentedOperation {
    /// What the caller's key must be permitted to do.
    static var permission: APIPermission { get }

    /// What the caller's key must have, in a sentence behind "a key with".
    static var requirement: String { get }

    /// Whether a caller may make the call at all.
    ///
    /// - Parameters:
    ///   - principal: who calls.
    ///   - id: what stands for `{id}` in the path.
    /// - Returns: false refuses the call, before its body is read.
    static func admits(_ principal: Principal, id: String?) -> Bool

    /// Does what is asked.
    static func answer(_ call: APICall, _ services: AdminServices) throws(APIError) -> APIReply

    /// Whether `tollgate.v1.KeyManagement` has it: all but those that speak another product's
    /// language, or answer with something else than a document.
    static var isInRPC: Bool { get }
}

extension APIOperation {
    static var requirement: String { "the permission \(permission.rawValue)" }

    static var keyRequirement: String? { requirement }

    static var shape: OperationShape? { nil }

    static var isInRPC: Bool { true }
}

extension APIOperation {
    /// Those who have the permission.
    static func admits(_ principal: Principal, id: String?) -> Bool {
        principal.permissions.isSuperset(of: permission.permissions)
    }
}

/// An operation that reads what models and suppliers there are, as all who administer anything may.
protocol CatalogueReading: APIOperation {}

extension CatalogueReading {
    static var permission: APIPermission { .viewAllUsage }

    static var requirement: String { "any permission" }

    static func admits(_ principal: Principal, id: String?) -> Bool {
        !principal.permissions.isEmpty
    }
}

/// A permission with the name that callers know it by.
enum APIPermission: String, Sendable {
    case manageKeys = "manage_keys"
    case viewAllUsage = "view_all_usage"
    case manageBilling = "manage_billing"

    /// The permission as a key has it.
    var permissions: Permissions {
        switch self {
        case .manageKeys: .manageKeys
        case .viewAllUsage: .viewAllUsage
        case .manageBilling: .manageBilling
        }
    }
}

/// A request whose caller is known and may make it.
struct APICall: Sendable {
    let principal: Principal
    /// What stands for `{id}` in the path.
    let id: String?
    /// What is behind the question mark, as it was sent.
    let query: String
    let headers: HTTPFields
    /// The whole body, within its limit.
    let body: [UInt8]

    /// The longest body that is taken, in bytes.
    static let bodyLimit = 1 << 20

    /// The id of the key in the path; what cannot be an id is the id of no key.
    func keyID() throws(APIError) -> KeyID {
        guard let text = idText, let keyID = KeyID(text) else { throw .noSuchKey }
        return keyID
    }

    /// The id of the group in the path; what cannot be an id is the id of no group.
    func groupID(_ kind: GroupKind) throws(APIError) -> GroupID {
        guard let text = idText, let groupID = GroupID(kind, text) else {
            throw .noSuch(kind.noun)
        }
        return groupID
    }

    /// What stands for `{id}`, with its percent-encoding taken off; nil when that is none.
    var idText: String? {
        id.flatMap { PercentEncoding.decode($0[...].utf8) }
    }

    /// The body as JSON.
    func document() throws(APIError) -> JSONValue {
        do { return try JSONParser.value(of: body) } catch { throw .invalidJSON(error) }
    }

    /// Makes sure that a call that takes no body has none, or an empty object.
    func expectNoFields() throws(APIError) {
        if body.isEmpty { return }
        try ObjectReader(try document()).finish()
    }
}

/// The answer to a call that succeeded.
struct APIReply: Sendable {
    var status = HTTPResponse.Status.ok
    var headers = HTTPFields()
    let document: JSONValue
    /// What is answered in the place of the document: pieces, as many as there are.
    var stream: APIStream?

    init(_ document: JSONValue) {
        self.document = document
    }

    /// An answer of any length.
    init(_ stream: APIStream) {
        document = .null
        self.stream = stream
    }

    /// What was taken out, in the field that says what it was called.
    static func removed(_ name: String, _ value: String) -> APIReply {
        APIReply([name: .string(value), "status": "removed"])
    }

    /// A key, with its version as the entity tag.
    init(_ key: JSONValue, version: UInt64) {
        document = key
        headers[.eTag] = EntityTag.text(version)
    }
}
