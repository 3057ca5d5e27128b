import TollgateCore
import TollgateCrypto
import TollgateEngine
import TollgateTesting

extension GatewayHarness {
    /// Sets up the suppliers of a block: lines `supplier` with the fields of each.
    func setUpSuppliers(_ example: CaseBlock) throws {
        let suppliers = try example.suppliers()
        if suppliers.isEmpty { return }
        let registry = try SupplierRegistry(
            store: InMemorySuppliers(),
            box: try SecretBox(try Pepper.generate()),
            time: time,
            actions: InMemoryActions()
        )
        _ = try registry.put(suppliers, version: nil, by: nil)
        engine.use(registry.catalogue)
    }
}

extension CaseBlock {
    fileprivate func suppliers() throws -> [(name: String, changes: SupplierChanges)] {
        try values("supplier").map { line in
            var (name, changes) = ("", SupplierChanges())
            for word in line.text.split(separator: " ") {
                let parts = word.split(separator: "=", maxSplits: 1)
                guard parts.count == 2 else { throw BadLine(line: line.text) }
                let value = String(parts[1])
                switch parts[0] {
                case "name": name = value
                case "provider": changes.provider = value
                case "url": changes.baseURL = value
                case "host": changes.hostHeader = .some(value)
                case "models": changes.models = value.split(separator: ",").map { String($0) }
                case "enabled": changes.isEnabled = value == "yes"
                case "credential":
                    changes.credential = .some(
                        SupplierChanges.Credential(
                            form: value == "bearer" ? .bearer : .header(value),
                            value: "secret"
                        )
                    )
                default: throw BadLine(line: line.text)
                }
            }
            return (name, changes)
        }
    }
}
