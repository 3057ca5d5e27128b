internal import TollgateCore

/// A number that tells one content from another, also after a restart: FNV-1a of 64 bits.
///
/// It keeps honest writers from overwriting each other; it does not withstand who looks for a
/// collision.
package struct ContentHash {
    package private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    /// The hash of nothing so far.
    package init() {}

    /// Goes on with a text.
    package mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
        // No text has this byte, so that two texts do not run into each other.
        add(0xFF)
    }

    mutating func add(_ number: UInt64?) {
        guard let number else { return add(0xFE as UInt8) }
        for shift in stride(from: 0, to: 64, by: 8) {
            add(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
        }
    }

    private mutating func add(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
    }
}

extension ModelCatalogue {
    /// Tells one content of the catalogue from another.
    var contentHash: UInt64 {
        var hash = ContentHash()
        for model in models {
            hash.add(model.id)
            hash.add(model.provider)
            for alias in model.aliases { hash.add(alias) }
            hash.add(model.maximumOutput)
            hash.add(model.price?.input)
            hash.add(model.price?.output)
            hash.add(model.price?.cachedInput)
            for supplier in model.suppliers {
                hash.add(supplier.name)
                hash.add(supplier.region)
            }
        }
        return hash.value
    }
}
