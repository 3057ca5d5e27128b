internal import HTTPTypes
internal import Hummingbird

/// The table of what the management listener answers.
enum AdminRoutes {
    /// Every operation that needs a key.
    static let operations: [any APIOperation.Type] =
        [
            CreateKey.self, ListKeys.self, GetKey.self, UpdateKey.self, DeleteKey.self,
            EnableKey.self, DisableKey.self, RevokeKey.self, RotateKey.self, SimulateKey.self,
            GetKeyUsage.self,
            CreateTemporaryKey.self, BulkKeys.self, ImportKeys.self, DeleteSession.self,
            PayCredits.self, ListAuditLogs.self, ListManagedLogs.self, GetUsage.self,
            ListModels.self, PutModels.self, GetModel.self, DeleteModel.self,
            ListSuppliers.self, PutSuppliers.self, GetSupplier.self, UpdateSupplier.self,
            DeleteSupplier.self, CreateWebhook.self, ListWebhooks.self, GetWebhook.self,
            UpdateWebhook.self, DeleteWebhook.self, TestWebhook.self, ListDeliveries.self,
            ListAlerts.self,
        ] + CompatibleKeys.operations + operations(on: Organizations.self)
        + operations(on: Teams.self)
        + operations(on: Users.self)

    /// Everything that documentation tells of.
    static var documented: [any DocumentedOperation.Type] {
        operations + [CreateBackup.self, GetHealth.self, GetReadiness.self, GetMetrics.self]
    }

    private static func operations<Groups: GroupRoute>(
        on groups: Groups.Type
    ) -> [any APIOperation.Type] {
        [
            CreateGroup<Groups>.self, ListGroups<Groups>.self, GetGroup<Groups>.self,
            UpdateGroup<Groups>.self, DeleteGroup<Groups>.self, GetGroupUsage<Groups>.self,
        ]
    }

    private static let methods: [HTTPRequest.Method] = [
        .get, .head, .post, .put, .patch, .delete, .options, .trace,
    ]

    /// Whether a method is one that HTTP has, and not made up.
    static func knows(_ method: HTTPRequest.Method) -> Bool { methods.contains(method) }

    /// The router of all paths.
    static func router(_ services: AdminServices) -> Router<AdminContext> {
        let router = Router(context: AdminContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestGate(tally: services.requests))
        let documentation = DocumentationRoutes(of: documented, version: services.version)
        router.get("/openapi.json") { _, _ in documentation.openAPIDocument() }
        router.get("/docs") { _, _ in documentation.documentationPage() }
        let console = ConsoleRoutes()
        router.get("/console") { request, _ in console.console(request) }
        router.get("/console/{file}") { _, context in
            try console.file(named: try context.parameters.require("file"))
        }
        var taken: [String: [HTTPRequest.Method]] = [
            "/openapi.json": [.get], "/docs": [.get], "/console": [.get],
            "/console/{file}": [.get],
        ]
        add(GetHealth(), to: router)
        add(GetReadiness(services: services), to: router)
        add(GetMetrics(services: services), to: router)
        add(CreateBackup(services: services), to: router)
        for operation in operations { add(operation, to: router, services) }
        for operation in documented {
            taken[operation.path, default: []].append(operation.method)
        }
        for (path, methods) in taken { refuseOthers(than: methods, at: path, router) }
        return router
    }

    private static func add<Operation: DocumentedOperation & HTTPResponder>(
        _ operation: Operation,
        to router: Router<AdminContext>
    ) where Operation.Context == AdminContext {
        router.on(RouterPath(Operation.path), method: Operation.method, responder: operation)
    }

    private static func add<Operation: APIOperation>(
        _ operation: Operation.Type,
        to router: Router<AdminContext>,
        _ services: AdminServices
    ) {
        router.on(
            RouterPath(operation.path),
            method: operation.method,
            responder: APIResponder<Operation>(services: services)
        )
    }

    /// Answers 405 to the methods that a path does not take; the router would answer 404.
    private static func refuseOthers(
        than taken: [HTTPRequest.Method],
        at path: String,
        _ router: Router<AdminContext>
    ) {
        var allowed = taken
        if allowed.contains(.get) { allowed.append(.head) }
        let error = APIError.methodNotAllowed(allowed)
        for method in methods where !allowed.contains(method) {
            router.on(RouterPath(path), method: method) { _, _ -> Response in throw error }
        }
    }
}
