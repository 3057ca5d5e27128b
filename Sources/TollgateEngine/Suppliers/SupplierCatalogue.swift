internal import TollgateCore

/// A supplier as a request is sent to it: what a proxy has to know, credential included.
///
/// The credential is in clear text here, so that a check needs neither the disk nor a key. It shows
/// in no description.
package final class Supplier: Sendable {
    package let name: String
    package let provider: String
    /// Empty when it is not known.
    package let region: String
    package let baseURL: String
    /// What `host` says to it.
    package let host: String
    /// The models that it serves; empty for all of its provider.
    package let models: [String]
    /// The header that lets a request in: its name in small letters, and its value.
    package let header: Header?

    /// A header of a request.
    package struct Header: Equatable, Sendable {
        package let name: String
        package let value: String

        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    init(_ record: SupplierRecord, host: String, header: Header?) {
        name = record.name
        provider = record.provider
        region = record.region
        baseURL = record.baseURL
        self.host = host
        models = record.models
        self.header = header
    }
}

extension Supplier: CustomStringConvertible, CustomReflectable {
    package var description: String { "Supplier(\(name))" }

    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

extension Supplier.Header: CustomStringConvertible, CustomReflectable {
    package var description: String { "Header(\(name))" }

    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

/// The suppliers that are enabled, found by name.
///
/// Never changes; a new one takes its place as a whole.
package final class SupplierCatalogue: Sendable {
    private let suppliers: [String: Supplier]

    /// No suppliers.
    package static let empty = SupplierCatalogue([])

    init(_ suppliers: [Supplier]) {
        self.suppliers = Dictionary(suppliers.map { ($0.name, $0) }) { _, last in last }
    }

    /// The supplier of this name; nil when there is none, or it is disabled.
    package subscript(name: String) -> Supplier? { suppliers[name] }

    package var count: Int { suppliers.count }
}
