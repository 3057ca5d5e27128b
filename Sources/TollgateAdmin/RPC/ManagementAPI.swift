internal import HTTPTypes
package import TollgateCore
internal import TollgateEngine

/// The operations of the API for who asks otherwise than by HTTP: `tollgate.v1.KeyManagement`.
///
/// The same operations with the same rules: a question is turned into the call that HTTP would have
/// made of it. Safe from any thread.
package struct ManagementAPI: Sendable {
    private let services: AdminServices
    private let identities: [String: KeyID]
    private let operations: [String: any APIOperation.Type]

    /// Takes the parts.
    ///
    /// - Parameters:
    ///   - services: what the operations work with.
    ///   - identities: the keys that stand for names in client certificates.
    package init(_ services: AdminServices, identities: [String: KeyID]) {
        self.services = services
        self.identities = identities
        var operations: [String: any APIOperation.Type] = [:]
        for operation in ManagementAPI.offered { operations[operation.name] = operation }
        self.operations = operations
    }

    /// What is asked, and who says to ask it.
    package struct Question: Sendable {
        /// The name of the operation.
        package var method: String
        /// What the request says, under the names of the API.
        package var document: JSONValue
        /// The values of `authorization` and of `x-api-key`.
        package var authorization: [String]
        package var apiKeys: [String]
        /// Where the caller is: an IP address; anything else counts as not known.
        package var address: String
        /// The names in the client's certificate.
        package var identities: [String]

        package init(
            method: String,
            document: JSONValue,
            authorization: [String],
            apiKeys: [String],
            address: String,
            identities: [String]
        ) {
            self.method = method
            self.document = document
            self.authorization = authorization
            self.apiKeys = apiKeys
            self.address = address
            self.identities = identities
        }

        /// What stands for `{id}` in the path.
        fileprivate var id: String? {
            guard case .string(let id)? = document["id"] else { return nil }
            return id
        }
    }

    /// Why nothing was done.
    package struct Refusal: Error, Equatable, Sendable {
        /// The status that HTTP would have answered.
        package let status: Int
        /// The code that programs match on.
        package let code: String
        /// One sentence for a person, with the field at fault.
        package let message: String

        init(_ error: APIError) {
            status = error.status.code
            code = error.code
            let place = error.field.map { error.message.contains($0) ? "" : " (\($0))" } ?? ""
            message = "\(error.message)\(place) [\(error.code)]"
        }
    }

    private static let offered = AdminRoutes.operations.filter { $0.isInRPC }

    /// The names of all operations.
    package static var operationNames: [String] { offered.map { $0.name } }

    /// The paths of the members of the answers of all operations, by the names of these.
    package static var answerFields: [(method: String, fields: [String])] {
        offered.map { operation in (operation.name, operation.shape?.reply.paths ?? []) }
    }

    /// The paths of the members of the bodies of all operations; those of a record without the name
    /// under which a request has it.
    package static var bodyFields: [(method: String, fields: [String])] {
        offered.map { operation in (operation.name, operation.shape?.body?.paths ?? []) }
    }

    /// The parameters of the query of all operations, by the names of these.
    package static var parameterFields: [(method: String, fields: [String])] {
        offered.map { operation in
            let parameters = operation.shape?.parameters.filter(\.isInRPC) ?? []
            return (operation.name, parameters.map(\.name))
        }
    }

    /// Runs what waits for the disk on a thread that is there for it.
    ///
    /// - Parameter body: told whether it can be done; false when the program ends.
    package static func whileWaiting(_ body: @escaping @Sendable (Bool) -> Void) {
        Blocking.submit(body)
    }

    /// Answers a question; it waits for the disk.
    ///
    /// - Returns: the document that HTTP would have answered.
    package func answer(_ question: Question) throws(Refusal) -> JSONValue {
        do throws(APIError) {
            guard let operation = operations[question.method] else { throw APIError.noSuchPath }
            return try answer(question, operation).document
        } catch {
            throw Refusal(error)
        }
    }

    private func answer<Operation: APIOperation>(
        _ question: Question,
        _ operation: Operation.Type
    ) throws(APIError) -> APIReply {
        let principal = try principal(question)
        guard operation.admits(principal, id: question.id) else {
            throw APIError.lacks(operation.requirement)
        }
        let call = try RPCTranslation(operation).call(question.document, by: principal)
        let reply = try OperationRunner.run(operation, call, services)
        // No parameter that asks for one is taken here.
        guard reply.stream == nil else { throw APIError.internal }
        return reply
    }

    /// Who asks: the key that is shown, else the one that stands for the certificate.
    private func principal(_ question: Question) throws(APIError) -> Principal {
        let address = IPAddress(String(question.address.prefix { $0 != "%" }))
        var headers = HTTPFields()
        for text in question.authorization {
            headers.append(HTTPField(name: .authorization, value: text))
        }
        if let name = HTTPField.Name("x-api-key") {
            for text in question.apiKeys { headers.append(HTTPField(name: name, value: text)) }
        }
        guard headers.isEmpty, !question.identities.isEmpty else {
            return try Credentials.principal(headers, from: address, services.registry)
        }
        let keys = Set(question.identities.compactMap { identities[$0] })
        guard let key = keys.first else { throw .unauthorized(.missingAPIKey) }
        guard keys.count == 1 else { throw .unauthorized(.ambiguousCredentials) }
        let principal = try APIError.translating { () throws(RegistryError) in
            try services.registry.principal(of: key, from: address)
        }
        guard let principal else { throw .unauthorized(.invalidAPIKey) }
        return principal
    }
}
