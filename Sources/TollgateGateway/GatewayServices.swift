internal import Synchronization
package import TollgateCore
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
    private let catalogue: Mutex<ModelCatalogue>

    /// Puts the parts together.
    ///
    /// - Parameters:
    ///   - engine: decides.
    ///   - models: the models that requests can name.
    ///   - health: whether the server takes questions.
    ///   - configuration: how requests are read.
    ///   - waitsForDurability: whether answers wait for the fsync that covers their decisions.
    /// - Throws: only when the descriptors in the program are damaged.
    package init(
        engine: Engine,
        models: ModelCatalogue,
        health: HealthState,
        configuration: GatewayConfiguration,
        waitsForDurability: Bool
    ) throws(WireError) {
        self.engine = engine
        self.health = health
        self.configuration = configuration
        self.waitsForDurability = waitsForDurability
        catalogue = Mutex(models)
        reflection = try ReflectionIndex()
    }

    /// The models that requests can name; a new catalogue counts from the next turn on.
    package var models: ModelCatalogue {
        get { catalogue.withLock { $0 } }
        set { catalogue.withLock { $0 = newValue } }
    }
}
