import CProtobufC
import CTollgateProto

/// A copy of bytes in C's memory.
func copy(_ data: ProtobufCBinaryData) -> [UInt8] {
    Array(UnsafeBufferPointer(start: data.data, count: data.len))
}

/// The elements of a repeated field in C's memory.
func list<Element>(_ start: UnsafeMutablePointer<Element>?, _ count: Int) -> [Element] {
    Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
}

/// The messages of a repeated field in C's memory.
func list<Message>(
    _ start: UnsafeMutablePointer<UnsafeMutablePointer<Message>?>?,
    _ count: Int
) -> [Message] {
    Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
        .compactMap { $0?.pointee }
}
