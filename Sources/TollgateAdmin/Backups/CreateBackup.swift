internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import TollgateCore
internal import TollgateEngine

/// `POST /v1/backups` answers with a backup of everything that is kept, made while it is sent.
///
/// For administrators who see everything: a key with all permissions that belongs to nobody.
/// The body may say `{"include_pepper": true}`. A backup whose making fails is cut off, which whoever
/// reads it notices: what makes it whole comes last.
struct CreateBackup: HTTPResponder, DocumentedOperation {
    static let method = HTTPRequest.Method.post
    static let path = "/v1/backups"
    static let name = "CreateBackup"
    static let summary = "Answers with a backup of everything, as a tar archive."
    static let keyRequirement: String? = "all permissions that belongs to no organization"

    static var shape: OperationShape? {
        var shape = OperationShape(reply: .text)
        shape.body = .object([
            .init(
                name: "include_pepper",
                description: "Whether the archive holds the pepper as well.",
                schema: JSONSchema.flag.orNull
            )
        ])
        shape.needsBody = false
        shape.replyTypes = ["application/x-tar"]
        return shape
    }

    private static let bodyLimit = 4096

    let services: AdminServices

    func respond(to request: Request, context: AdminContext) async throws -> Response {
        let services = services
        let headers = request.headers
        let address = context.remoteAddress
        try await Blocking.run { () throws(APIError) in
            try CreateBackup.admit(headers, from: address, services)
        }
        try QueryReader(request.uri.query ?? "").finish()
        let includesPepper = try await includesPepper(request)
        let backup = try await Blocking.run { () throws(APIError) in
            try CreateBackup.begin(includesPepper, services)
        }
        context.logger.notice("backup begun", metadata: ["pepper": "\(includesPepper)"])
        return Response(
            status: .ok,
            headers: [
                .contentType: "application/x-tar", .cacheControl: "no-store",
                .contentDisposition: "attachment; filename=\"tollgate-backup.tar\"",
            ],
            body: CreateBackup.body(backup, services, context.logger)
        )
    }

    /// Lets nobody pass who may not see everything.
    private static func admit(
        _ headers: HTTPFields,
        from address: IPAddress?,
        _ services: AdminServices
    ) throws(APIError) {
        let principal = try Credentials.principal(headers, from: address, services.registry)
        guard principal.permissions.isSuperset(of: .all), principal.seesEverything else {
            throw APIError(
                .forbidden,
                "forbidden",
                "A backup needs an API key with all permissions that belongs to no organization."
            )
        }
    }

    private func includesPepper(_ request: Request) async throws -> Bool {
        let buffer: ByteBuffer
        do {
            buffer = try await request.body.collect(upTo: CreateBackup.bodyLimit)
        } catch {
            throw APIError.tooLarge(limit: CreateBackup.bodyLimit)
        }
        guard buffer.readableBytes > 0 else { return false }
        let document: JSONValue
        do {
            document = try JSONParser.value(of: Array(buffer.readableBytesView))
        } catch {
            throw APIError.invalidJSON(error)
        }
        var reader = try ObjectReader(document)
        let includesPepper = try reader.flag("include_pepper").or(false) ?? false
        try reader.finish()
        return includesPepper
    }

    private static func begin(
        _ includesPepper: Bool,
        _ services: AdminServices
    ) throws(APIError) -> any BackupStream {
        guard let backups = services.backups else { throw .unavailable }
        do {
            return try backups.beginBackup(includesPepper: includesPepper)
        } catch {
            switch error.code {
            case .locked:
                throw APIError(.conflict, "backup_running", "Another backup is being made.")
            case .unusable where includesPepper:
                throw .contradiction("include_pepper", "asks for a pepper that is not in a file")
            default: throw .unavailable
            }
        }
    }

    /// Sends the backup piece by piece: the next is read when the last has left.
    ///
    /// A server that stops does not wait for it: the rest is left out.
    private static func body(
        _ backup: any BackupStream,
        _ services: AdminServices,
        _ log: Logger
    ) -> ResponseBody {
        ResponseBody { writer in
            while true {
                guard !services.readiness().obstacles.contains(Readiness.stopping) else {
                    log.warning("backup broken off: the server stops")
                    throw CancellationError()
                }
                let piece = try await Blocking.run { () -> Result<[UInt8]?, StorageError> in
                    Result { () throws(StorageError) in try backup.next() }
                }
                switch piece {
                case .success(let bytes?):
                    try await writer.write(ByteBuffer(bytes: bytes))
                case .success(nil):
                    try await writer.finish(nil)
                    return
                case .failure(let error):
                    log.error("backup failed", metadata: ["reason": "\(error)"])
                    throw error
                }
            }
        }
    }
}
