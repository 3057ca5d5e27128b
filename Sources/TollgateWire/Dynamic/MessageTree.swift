/// What a message says, without its types: as JSON would say it.
package indirect enum MessageTree: Equatable, Sendable {
    /// Nothing; only read, never written.
    case null
    case bool(Bool)
    case integer(Int64)
    /// A number as it was written: `12.50`.
    case number(String)
    case text(String)
    case list([MessageTree])
    case object([Member])

    /// A name and a value of an object.
    package struct Member: Equatable, Sendable {
        package let name: String
        package let value: MessageTree

        package init(_ name: String, _ value: MessageTree) {
            self.name = name
            self.value = value
        }
    }
}
