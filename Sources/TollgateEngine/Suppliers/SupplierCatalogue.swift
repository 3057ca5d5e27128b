package import TollgateCore

/// A supplier as a request is sent to it: what a proxy has to know, credential included.
///
/// The credential is in clear text here, so that a check needs neither the disk nor a key. It shows
/// in no description.
package final class Supplier: Sendable {
    package let offer: SupplierOffer
    package let baseURL: String
    /// What `host` says to it.
    package let host: String
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

    /// Nil when the record is damaged.
    init?(_ record: SupplierRecord, host: String, header: Header?) {
        guard let offer = SupplierOffer(record) else { return nil }
        self.offer = offer
        baseURL = record.baseURL
        self.host = host
        self.header = header
    }

    package var name: String { offer.name }
}

extension Supplier: CustomStringConvertible, CustomReflectable {
    package var description: String { "Supplier(\(name))" }

    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

extension Supplier.Header: CustomStringConvertible, CustomReflectable {
    package var description: String { "Header(\(name))" }

    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

/// The suppliers that are enabled, found by name without regard to ASCII case.
///
/// Never changes; a new one takes its place as a whole.
package final class SupplierCatalogue: Sendable {
    /// Whether any are set up, enabled or not: until then, their names are but labels.
    let isInForce: Bool
    private let suppliers: [Supplier]
    private let places: NameTable

    /// No suppliers.
    package static let empty = SupplierCatalogue([], isInForce: false)

    init(_ suppliers: [Supplier], isInForce: Bool) {
        self.suppliers = suppliers
        self.isInForce = isInForce
        places = NameTable(suppliers.enumerated().map { ($1.name, $0) })
    }

    /// The supplier of this name; nil when there is none, or it is disabled.
    package subscript(name: Span<UInt8>) -> Supplier? {
        places.place(of: name).map { suppliers[$0] }
    }

    /// The supplier of a name that is written as a string, as above.
    package subscript(name: String) -> Supplier? { self[name.utf8.span] }

    package var count: Int { suppliers.count }
}
