/// One thing that can be called.
package struct Method: Sendable {
    /// How messages flow.
    package enum Kind: Sendable {
        /// One message each way; the service sees the request whole.
        case unary
        /// Any number of messages each way.
        case streaming
        /// A plain HTTP request and its answer (`PlainRequest`, `PlainAnswer`), over HTTP/1.1 or
        /// HTTP/2; its path may go on behind the method's, with `/` or `?`.
        case plain
    }

    /// As `:path` names it: `/package.Service/Name`.
    package let path: StaticString
    package let kind: Kind
    /// Whether the call's headers are kept for `RPCLoop.header(_:of:)`; costs an allocation.
    package let keepsHeaders: Bool

    package init(_ path: StaticString, _ kind: Kind, keepsHeaders: Bool = false) {
        self.path = path
        self.kind = kind
        self.keepsHeaders = keepsHeaders || kind == .plain
    }

    /// Whether a request's path is the method's.
    @inline(__always)
    func matches(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
        if path.equals(self.path) { return true }
        guard kind == .plain, path.starts(with: self.path) else { return false }
        let next = path[self.path.utf8CodeUnitCount]
        return next == UInt8(ascii: "/") || next == UInt8(ascii: "?")
    }
}

/// Everything that can be called; a method's place in the list is its number.
package struct MethodTable: Sendable {
    package let methods: [Method]

    /// - Parameter methods: at most 1,024, the busiest first.
    package init(_ methods: [Method]) {
        precondition(methods.count <= 1024)
        self.methods = methods
    }

    /// The methods in memory that the caller deallocates.
    func copy() -> UnsafeBufferPointer<Method> {
        let memory = UnsafeMutableBufferPointer<Method>.allocate(capacity: methods.count)
        _ = memory.initialize(from: methods)
        return UnsafeBufferPointer(memory)
    }
}

extension UnsafeBufferPointer<Method> {
    /// The number of the method with this path.
    func index(ofPath path: UnsafeBufferPointer<UInt8>) -> Int? {
        for index in indices where self[index].matches(path) { return index }
        return nil
    }
}
