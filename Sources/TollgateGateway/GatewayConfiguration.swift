/// How the gateway reads what proxies send.
package struct GatewayConfiguration: Sendable {
    /// Whether `x-tollgate-*` headers of a request count; any client can send those, so only where
    /// the proxy removes or overwrites them.
    package var trustsRequestHeaders = false

    /// How many entries of `x-forwarded-for`, from the right, trusted proxies have written.
    package var trustedHops = 0

    /// The maximum output that is assumed when neither the request nor its model names one.
    package var defaultMaximumOutput: UInt64 = 4096

    package init() {}
}
