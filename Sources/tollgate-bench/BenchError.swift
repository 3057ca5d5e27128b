/// Why a measurement could not be made: one line, or some with what a program wrote.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
