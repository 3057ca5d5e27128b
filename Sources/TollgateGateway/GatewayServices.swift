internal import TollgateCore
package import TollgateEngine
package import TollgateWire

/// What the gateways of all event loops share.
package final class GatewayServices: Sendable {
    let engine: Engine
    let configuration: GatewayConfiguration
    /// Whether answers wait for the fsync that covers their decisions.
    let waitsForDurability: Bool
    let health: HealthState
    let reflection: ReflectionIndex
    let management: (any ManagementPort)?
    let decisionLog: (any DecisionLog)?

    /// Whether there is a line in a log for each decision.
    package var isLogged: Bool { decisionLog != nil }

    /// Puts the parts together.
    ///
    /// - Parameters:
    ///   - engine: decides.
    ///   - health: whether the server takes questions.
    ///   - configuration: how requests are read.
    ///   - waitsForDurability: whether answers wait for the fsync that covers their decisions.
    ///   - management: answers administrators; nil when they cannot ask here.
    ///   - decisionLog: is told each decision; nil when nobody reads that.
    /// - Throws: only when the descriptors in the program are damaged.
    package init(
        engine: Engine,
        health: HealthState,
        configuration: GatewayConfiguration,
        waitsForDurability: Bool,
        management: (any ManagementPort)? = nil,
        decisionLog: (any DecisionLog)? = nil
    ) throws(WireError) {
        self.engine = engine
        self.health = health
        self.configuration = configuration
        self.waitsForDurability = waitsForDurability
        self.management = management
        self.decisionLog = decisionLog
        reflection = try ReflectionIndex()
    }

    /// The models that requests can name: those that the engine knows prices of.
    var models: ModelCatalogue { engine.prices.models }
}
