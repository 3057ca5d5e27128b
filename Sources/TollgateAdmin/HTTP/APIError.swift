internal import HTTPTypes
internal import Hummingbird
internal import TollgateCore
internal import TollgateEngine

/// Why a request to the management API was refused, as its caller sees it.
///
/// Neither the message nor the field ever holds a value that the caller sent: that may be a secret.
struct APIError: Error, Equatable, Sendable {
    let status: HTTPResponse.Status
    /// What programs match on; stable.
    let code: String
    /// One sentence for a person.
    let message: String
    /// The field, or the query parameter, that is at fault.
    var field: String?
    /// What else the answer's head says.
    var headers = HTTPFields()

    init(_ status: HTTPResponse.Status, _ code: String, _ message: String, field: String? = nil) {
        self.status = status
        self.code = code
        self.message = message
        self.field = field
    }

    /// The body of the answer.
    var document: JSONValue {
        var members = [
            JSONValue.Member("code", .string(code)), JSONValue.Member("message", .string(message)),
        ]
        if let field { members.append(JSONValue.Member("field", .string(field))) }
        return ["error": .object(members)]
    }
}

/// The table of refusals: each code once, with its status.
extension APIError {
    static func invalidJSON(_ problem: JSONProblem) -> APIError {
        if let duplicate = problem.duplicate {
            let field = "\(duplicate)"
            return APIError(
                .badRequest,
                "duplicate_field",
                "\(field) is there twice.",
                field: field
            )
        }
        return APIError(
            .badRequest,
            "invalid_json",
            "The body is not JSON: \(problem.message), "
                + "at line \(problem.line), column \(problem.column)."
        )
    }

    static func unknownField(_ path: FieldPath) -> APIError {
        APIError(.badRequest, "unknown_field", "There is no field \(path).", field: "\(path)")
    }

    /// A value that cannot be; `problem` reads on from the name of the field.
    static func invalidField(_ path: FieldPath, _ problem: String) -> APIError {
        invalidField("\(path)", problem)
    }

    static func invalidField(_ field: String, _ problem: String) -> APIError {
        let subject = field.isEmpty ? "The body" : field
        return APIError(
            .badRequest,
            "invalid_field",
            "\(subject) \(problem).",
            field: field.isEmpty ? nil : field
        )
    }

    static func unknownParameter(_ name: String) -> APIError {
        APIError(.badRequest, "unknown_parameter", "There is no parameter \(name).", field: name)
    }

    static func invalidParameter(_ name: String, _ problem: String) -> APIError {
        APIError(.badRequest, "invalid_parameter", "\(name) \(problem).", field: name)
    }

    static func invalidHeader(_ name: String, _ problem: String) -> APIError {
        APIError(.badRequest, "invalid_header", "\(name) \(problem).", field: name)
    }

    /// The reasons of the decision that concern credentials, answered as RFC 6750 section 3 says.
    static func unauthorized(_ reason: Reason) -> APIError {
        var error = APIError(.unauthorized, "\(reason.code)", "\(reason.message)")
        error.headers[.wwwAuthenticate] = "Bearer realm=\"tollgate\""
        return error
    }

    /// The refusal of a key that lacks `requirement`, such as `the permission manage_keys`.
    static func lacks(_ requirement: String) -> APIError {
        APIError(.forbidden, "forbidden", "The API key needs \(requirement).")
    }

    static let outOfScope = APIError(
        .forbidden,
        "forbidden",
        "This concerns everyone; the API key belongs to an organization."
    )

    static let noSuchPath = APIError(.notFound, "not_found", "There is nothing at this path.")

    static let noSuchKey = noSuch("key")

    static func noSuch(_ noun: String) -> APIError {
        APIError(.notFound, "\(noun)_not_found", "There is no such \(noun).")
    }

    static func methodNotAllowed(_ allowed: [HTTPRequest.Method]) -> APIError {
        let methods = allowed.map(\.rawValue).joined(separator: ", ")
        var error = APIError(
            .methodNotAllowed,
            "method_not_allowed",
            "This path takes \(methods)."
        )
        error.headers[.allow] = methods
        return error
    }

    static let versionMismatch = APIError(
        .preconditionFailed,
        "version_mismatch",
        "It has changed since the version in If-Match; read it again."
    )

    static func tooLarge(limit: Int) -> APIError {
        APIError(.contentTooLarge, "body_too_large", "A body may have at most \(limit) bytes.")
    }

    static let notJSON = APIError(
        .unsupportedMediaType,
        "unsupported_media_type",
        "The body must be JSON, sent as content-type: application/json."
    )

    /// Fields or parameters of which each could be, but not together.
    static func contradiction(_ field: String, _ problem: String) -> APIError {
        APIError(.unprocessableContent, "contradiction", "\(field) \(problem).", field: field)
    }

    static let `internal` = APIError(
        .internalServerError,
        "internal_error",
        "Something went wrong on the server; its log says what."
    )

    /// The only refusal of something that was done all the same.
    static let notRecorded = APIError(
        .internalServerError,
        "not_recorded",
        "It was done, but could not be recorded."
    )

    static let unavailable: APIError = {
        var error = APIError(
            .serviceUnavailable,
            "unavailable",
            "The store cannot be read or written now."
        )
        error.headers[.retryAfter] = "1"
        return error
    }()
}

extension APIError {
    /// What a registry refused, as the API answers it.
    ///
    /// - Parameters:
    ///   - error: the refusal.
    ///   - noun: what it is about: `key`, `team`.
    init(_ error: RegistryError, about noun: String = "key") {
        switch error {
        case .notFound:
            self = .noSuch(noun)
        case .alreadyExists:
            self.init(.conflict, "\(noun)_exists", "There is a \(noun) of this id.", field: "id")
        case .deleted:
            self.init(
                .conflict,
                "\(noun)_deleted",
                "The \(noun) was deleted, which is for good."
            )
        case .invalid(let field, let problem):
            self = .invalidField(field, problem)
        case .forbidden(let field, let problem):
            self.init(.forbidden, "forbidden", "\(field) \(problem).", field: field)
        case .changedMeanwhile:
            self = .versionMismatch
        case .revoked:
            self.init(.conflict, "key_revoked", "The key was revoked, which is for good.")
        case .secretTaken(let field):
            self.init(.conflict, "duplicate_key", "\(field) is another key's.", field: field)
        case .addressNotAllowed:
            let reason = Reason.ipNotAllowed
            self.init(.forbidden, "\(reason.code)", "\(reason.message)")
        case .unusable(let reason):
            self = .unauthorized(reason)
        case .lastAdministrator:
            self.init(
                .conflict,
                "last_administrator",
                "Nobody else could administer everything then."
            )
        case .unavailable:
            self = .unavailable
        case .unrecorded:
            self = .notRecorded
        }
    }

    /// Runs what a registry may refuse, with the API's errors.
    static func translating<Value>(
        about noun: String = "key",
        _ body: () throws(RegistryError) -> Value
    ) throws(APIError) -> Value {
        do { return try body() } catch { throw APIError(error, about: noun) }
    }
}
