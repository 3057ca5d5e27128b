internal import TollgateCore
internal import TollgateEngine

/// The paths under which other products have their keys, so that what was written for them goes on
/// working: the same registry, the same rules and the same refusals, other names for some fields.
enum CompatibleKeys {
    /// All operations on them.
    static let operations: [any APIOperation.Type] =
        operations(on: ManagedKeys.self) + operations(on: APIKeys.self)
        + [CreateCompatibleTemporaryKey.self]

    private static func operations<Product: CompatibleProduct>(
        on product: Product.Type
    ) -> [any APIOperation.Type] {
        [
            CreateCompatibleKey<Product>.self, ListCompatibleKeys<Product>.self,
            GetCompatibleKey<Product>.self, UpdateCompatibleKey<Product>.self,
            DeleteCompatibleKey<Product>.self,
        ]
    }
}

/// How another product calls the fields of keys, and where it has them.
protocol CompatibleProduct: Sendable {
    /// The path of its list.
    static var path: String { get }

    /// What its operations are called, in OpenAPI and RPC: `CreateManagedKey`.
    static var noun: String { get }

    /// A key as the product has it.
    static var schema: RecordSchema { get }

    /// The body of a creation, to try it with.
    static var example: JSONValue { get }

    /// A document of the product with the names that we have for things.
    ///
    /// - Parameters:
    ///   - document: what the caller sent.
    ///   - record: the key as it is; nil for a new one.
    /// - Returns: the document as `KeyFields` reads it.
    /// - Throws: a 400 or 422 with the first field that cannot be.
    static func translated(
        _ document: JSONValue,
        to record: KeyRecord?
    ) throws(APIError) -> JSONValue

    /// The fields that a key has besides ours, in place of those of the same names.
    static func members(_ record: KeyRecord) -> [JSONValue.Member]

    /// The product's name for a field of ours, where it has another one.
    static func name(of field: String) -> String?
}

extension CompatibleProduct {
    /// A key as the product shows it.
    static func json(
        _ record: KeyRecord,
        at time: WallTime,
        secret: String?,
        use: KeyUse?
    ) -> JSONValue {
        let own = members(record)
        let key = KeyDocument.json(record, at: time, secret: secret, use: use)
        guard case .object(let members) = key else { return key }
        let names = Set(own.map(\.name))
        return .object(members.filter { !names.contains($0.name) } + own)
    }

    /// Reads a document of the product, and refuses it in the product's words.
    static func changes(
        in document: JSONValue,
        to record: KeyRecord?,
        at now: WallTime
    ) throws(APIError) -> KeyChanges {
        let native = try translated(document, to: record)
        return try inProductsWords { () throws(APIError) in
            var changes = try KeyFields.changes(in: native, to: record, at: now)
            changes.mayBeOver = record == nil
            return changes
        }
    }

    /// Runs what may be refused, and calls the field at fault as the product does.
    static func inProductsWords<Value>(
        _ body: () throws(APIError) -> Value
    ) throws(APIError) -> Value {
        do {
            return try body()
        } catch {
            guard let field = error.field, let name = name(of: field) else { throw error }
            let message = error.message.replacing(field, with: name)
            var refusal = APIError(error.status, error.code, message, field: name)
            refusal.headers = error.headers
            throw refusal
        }
    }
}
