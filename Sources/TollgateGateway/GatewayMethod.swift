package import TollgateTransport

/// What the rpc listener offers beside management; the raw value is the method's place in the table.
package enum GatewayMethod: Int, CaseIterable, Sendable {
    case envoyCheck
    case check
    case settle
    case httpCheck
    case httpSettle
    case checkStream
    case process
    case accessLogs
    case rateLimit
    case healthCheck
    case healthList
    case healthWatch
    case reflection
    case reflectionAlpha

    var method: Method {
        switch self {
        case .envoyCheck: Method("/envoy.service.auth.v3.Authorization/Check", .unary)
        case .check: Method("/tollgate.v1.Authorization/Check", .unary)
        case .settle: Method("/tollgate.v1.Authorization/Settle", .unary)
        case .httpCheck: Method("/authz/v1/check", .plain)
        case .httpSettle: Method("/authz/v1/settle", .plain)
        case .checkStream: Method("/tollgate.v1.Authorization/CheckStream", .streaming)
        case .process:
            Method("/envoy.service.ext_proc.v3.ExternalProcessor/Process", .streaming)
        case .accessLogs:
            Method("/envoy.service.accesslog.v3.AccessLogService/StreamAccessLogs", .streaming)
        case .rateLimit:
            Method("/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit", .unary)
        case .healthCheck: Method("/grpc.health.v1.Health/Check", .unary)
        case .healthList: Method("/grpc.health.v1.Health/List", .unary)
        case .healthWatch: Method("/grpc.health.v1.Health/Watch", .streaming)
        case .reflection:
            Method("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", .streaming)
        case .reflectionAlpha:
            Method("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", .streaming)
        }
    }

    /// Whether it answers questions, whose decisions can be logged.
    private var decides: Bool {
        switch self {
        case .envoyCheck, .check, .checkStream: true
        default: false
        }
    }

    /// The table that the transport finds methods in; where decisions are logged, with the headers of
    /// their calls.
    package static func table(isLogged: Bool = false) -> MethodTable {
        let methods = allCases.map { each in
            let method = each.method
            return Method(method.path, method.kind, keepsHeaders: isLogged && each.decides)
        }
        return MethodTable(methods + ManagementMethods.methods)
    }
}
