internal import TollgateAdmin
internal import TollgateGateway
internal import TollgateTransport
internal import TollgateWire

/// `tollgate.v1.KeyManagement`, answered by the operations of the REST API.
///
/// Messages become documents with the same names and back, by their descriptors.
final class ManagementFace: ManagementPort {
    private let api: ManagementAPI
    private let messages: MessageCatalogue

    /// Takes the operations.
    ///
    /// - Throws: only when the descriptors in the program are damaged.
    init(_ api: ManagementAPI) throws(WireError) {
        self.api = api
        messages = try MessageCatalogue(of: "tollgate.v1.KeyManagement")
    }

    func answer(
        _ call: ManagementCall,
        _ done: @escaping @Sendable (Result<[UInt8], ManagementRefusal>) -> Void
    ) {
        ManagementAPI.whileWaiting { isActive in
            guard isActive else {
                return done(.failure(ManagementRefusal(.unavailable, "the server stops")))
            }
            do throws(ManagementRefusal) {
                done(.success(try self.answer(call)))
            } catch {
                done(.failure(error))
            }
        }
    }

    private func answer(_ call: ManagementCall) throws(ManagementRefusal) -> [UInt8] {
        let tree: MessageTree
        do {
            tree = try messages.request(of: call.method, in: call.message)
        } catch {
            throw ManagementRefusal(error)
        }
        let reply: JSONValue
        do {
            reply = try api.answer(
                ManagementAPI.Question(
                    method: call.method,
                    document: JSONValue(tree),
                    authorization: call.authorization.map { String(decoding: $0, as: UTF8.self) },
                    apiKeys: call.apiKeys.map { String(decoding: $0, as: UTF8.self) },
                    address: call.peer.address,
                    identities: call.peer.identities
                )
            )
        } catch {
            throw ManagementRefusal(error)
        }
        guard let message = messages.answer(of: call.method, saying: MessageTree(reply)) else {
            throw ManagementRefusal(.internal, "the answer cannot be written")
        }
        return message
    }
}

extension ManagementRefusal {
    fileprivate init(_ error: WireError) {
        switch error {
        case .unknownField:
            self.init(.invalidArgument, "the message has a field that is not known here")
        case .notText: self.init(.invalidArgument, "a text is not UTF-8, or has a NUL")
        case .badValue: self.init(.invalidArgument, "a number is none, or out of bounds")
        case .tooMany: self.init(.resourceExhausted, "the message holds too much")
        default: self.init(.invalidArgument, "the message is malformed")
        }
    }

    /// The table of statuses: HTTP's on the left.
    fileprivate init(_ refusal: ManagementAPI.Refusal) {
        let code: RPCStatus.Code =
            switch refusal.status {
            case 400, 415, 422: .invalidArgument
            case 401: .unauthenticated
            case 403: .permissionDenied
            case 404: .notFound
            case 409 where refusal.code.hasSuffix("_exists"): .alreadyExists
            case 409 where refusal.code == "idempotency_key_in_use": .aborted
            case 409: .failedPrecondition
            case 412: .aborted
            case 413, 429: .resourceExhausted
            case 503: .unavailable
            default: .internal
            }
        self.init(code, refusal.message)
    }
}

extension JSONValue {
    /// What a message says, as a document.
    fileprivate init(_ tree: MessageTree) {
        self =
            switch tree {
            case .null: .null
            case .bool(let flag): .bool(flag)
            case .integer(let number): .integer(number)
            case .number(let text): Int64(text).map { .integer($0) } ?? .number(text)
            case .text(let text): .string(text)
            case .list(let elements): .array(elements.map { JSONValue($0) })
            case .object(let members):
                .object(members.map { Member($0.name, JSONValue($0.value)) })
            }
    }
}

extension MessageTree {
    /// A document, as a message can say it.
    fileprivate init(_ value: JSONValue) {
        self =
            switch value {
            case .null: .null
            case .bool(let flag): .bool(flag)
            case .integer(let number): .integer(number)
            case .number(let text): .number(text)
            case .string(let text): .text(text)
            case .array(let elements): .list(elements.map { MessageTree($0) })
            case .object(let members):
                .object(members.map { Member($0.name, MessageTree($0.value)) })
            }
    }
}
