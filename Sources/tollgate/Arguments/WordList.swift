internal import ArgumentParser
internal import Foundation
internal import TollgateAdmin

/// A list as people write it: `a, b` is as good as saying the option twice.
///
/// An entry that is empty is none: a list from which it were left out could be empty itself, and
/// allow everything.
struct WordList: ExpressibleByArgument, Equatable {
    /// The entries, without the spaces around them.
    let words: [String]

    init?(argument: String) {
        words = argument.split(separator: ",", omittingEmptySubsequences: false).map {
            $0.trimmingCharacters(in: .whitespacesAndNewlines)
        }
        if words.contains("") { return nil }
    }
}

extension [WordList] {
    /// The entries of all of them.
    var words: [String] { flatMap(\.words) }

    /// What the API takes: null where the one entry is none, nil where nothing was said.
    var json: JSONValue? {
        if isEmpty { return nil }
        return words == ["none"] ? .null : JSONValue(words)
    }
}
