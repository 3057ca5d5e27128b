@testable import TollgateWire

/// Makes Envoy requests, sound and damaged, from random numbers.
struct RandomMessages {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    private static let names: [[UInt8]] =
        (EnvoyOracle.known + [
            "Authorization", "X-API-KEY", "x-api-kez", "accept", ":path", "x-goog-api-key", "",
            "model", "region", "provider", "supplier", "action", "stream", "max_output_tokens",
            "estimated_input_tokens", "envoy.ai.request_info", "x-tollgate-modem",
        ]).map { Array($0.utf8) }

    private static let values: [[UInt8]] = [
        [], Array("a".utf8), Array("Bearer tg_live_0123456789".utf8), Array("gpt-4o".utf8),
        Array("größe 💡".utf8), [UInt8](repeating: 0x61, count: 200), [0xFF], [0x61, 0, 0x62],
        [0xC3, 0x28], Array("203.0.113.9, 10.0.0.1".utf8), [0xED, 0xA0, 0x80],
    ]

    private mutating func chance(_ percent: Int) -> Bool {
        Int.random(in: 0..<100, using: &generator) < percent
    }

    private mutating func name() -> [UInt8] {
        Self.names[Int.random(in: Self.names.indices, using: &generator)]
    }

    private mutating func value() -> [UInt8] {
        // Mostly sound ones: the first that is not ends the comparison of a message.
        let sound = 6
        return Self.values[
            Int.random(in: 0..<(chance(2) ? Self.values.count : sound), using: &generator)
        ]
    }

    /// A message, damaged more often than not.
    mutating func next() -> [UInt8] {
        var output = OutputBuffer()
        let isRaw = chance(50)
        output.appendElement(1) { attributes in
            if chance(50) { peer(&attributes) }
            attributes.appendElement(4) { request in
                request.appendElement(2) { http(&$0, isRaw) }
            }
            for _ in 0..<Int.random(in: 0...3, using: &generator) { pair(10, &attributes) }
            if chance(50) { attributes.appendElement(11) { metadata(&$0) } }
        }
        var bytes = array(output.bytes)
        for _ in 0..<(chance(40) ? 0 : Int.random(in: 1...4, using: &generator)) { damage(&bytes) }
        return bytes
    }

    private mutating func peer(_ output: inout OutputBuffer) {
        output.appendElement(1) { peer in
            peer.appendElement(1) { address in
                address.appendElement(1) { socket in
                    socket.appendElement(2, bytes: value().span)
                    socket.appendField(3, unsigned: 443)
                }
            }
            if chance(50) { peer.appendElement(4, bytes: value().span) }
        }
    }

    private mutating func http(_ output: inout OutputBuffer, _ isRaw: Bool) {
        output.appendElement(2, bytes: value().span)
        for _ in 0..<Int.random(in: 0...8, using: &generator) where !isRaw { pair(3, &output) }
        output.appendElement(4, bytes: value().span)
        if chance(20) { output.appendElement(5, bytes: value().span) }
        if chance(50) { output.appendField(9, unsigned: generator.next() >> 20) }
        if chance(50) { output.appendElement(chance(50) ? 11 : 12, bytes: value().span) }
        guard isRaw else { return }
        output.appendElement(13) { map in
            for _ in 0..<Int.random(in: 0...8, using: &generator) {
                map.appendElement(1) { header in
                    header.appendElement(1, bytes: name().span)
                    header.appendElement(chance(50) ? 2 : 3, bytes: value().span)
                }
            }
        }
    }

    private mutating func pair(_ field: UInt32, _ output: inout OutputBuffer) {
        output.appendElement(field) { entry in
            if chance(95) { entry.appendElement(1, bytes: name().span) }
            if chance(95) { entry.appendElement(2, bytes: value().span) }
            if chance(5) { entry.appendElement(2, bytes: value().span) }
            if chance(5) { entry.appendElement(9, unsigned: 1) }
        }
    }

    private mutating func metadata(_ output: inout OutputBuffer) {
        output.appendElement(1) { entry in
            let key = chance(70) ? Array("envoy.ai.request_info".utf8) : name()
            entry.appendElement(1, bytes: key.span)
            entry.appendElement(2) { structure(&$0, 0) }
        }
        guard chance(50) else { return }
        output.appendElement(2) { entry in
            entry.appendElement(1, text: "envoy.ai.request_info")
            entry.appendElement(2) { any in
                any.appendElement(1, text: "type.googleapis.com/envoy.data.ai.v3.RequestInfo")
                any.appendElement(2) { info in
                    info.appendElement(2, bytes: value().span)
                    if chance(50) { info.appendElement(3) { $0.appendField(1, unsigned: 1) } }
                    if chance(50) { info.appendElement(4) { $0.appendField(1, unsigned: 99) } }
                    if chance(50) { info.appendElement(7) { $0.appendField(1, unsigned: 7) } }
                }
            }
        }
    }

    private mutating func structure(_ output: inout OutputBuffer, _ level: Int) {
        for _ in 0..<Int.random(in: 0...3, using: &generator) {
            output.appendElement(1) { entry in
                entry.appendElement(1, bytes: name().span)
                entry.appendElement(2) { value in
                    switch Int.random(in: 0..<6, using: &generator) {
                    case 0: value.appendElement(1, unsigned: 0)
                    case 1: value.appendElement(2, double: Double(generator.next() >> 12) / 256)
                    case 2: value.appendElement(3, bytes: self.value().span)
                    case 3: value.appendElement(4, unsigned: 1)
                    case 4 where level < 14: value.appendElement(5) { structure(&$0, level + 1) }
                    default: break
                    }
                }
            }
        }
    }

    /// Changes, cuts, doubles or inserts something.
    private mutating func damage(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let place = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<5, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
        case 2: bytes.removeSubrange(place...)
        case 3: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
        default:
            let end = Int.random(in: place..<min(place + 40, bytes.count), using: &generator)
            bytes.insert(contentsOf: bytes[place...end], at: place)
        }
    }
}
