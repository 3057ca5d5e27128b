internal import ArgumentParser

/// What a list is asked for.
///
/// Never nothing: a filter that is empty, as from a variable that is not set, would find everything.
struct Filter: ExpressibleByArgument, Equatable {
    let text: String

    init?(argument: String) {
        if argument.allSatisfy(\.isWhitespace) { return nil }
        text = argument
    }
}
