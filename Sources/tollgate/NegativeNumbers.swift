/// Numbers below zero on the command line, where they look like options.
enum NegativeNumbers {
    /// The arguments with each such number tied to the option before it: `--rpm -1` is `--rpm=-1`.
    ///
    /// Apart, the number would be taken for an option that is not there, and the one before it be
    /// said to have no value, instead of what is wrong with the one that it has.
    static func tied(_ arguments: [String]) -> [String] {
        var words: [String] = []
        for (index, argument) in arguments.enumerated() {
            if argument == "--" { return words + arguments[index...] }
            if isNegative(argument), let option = words.last, option.hasPrefix("--"),
                !option.contains("=")
            {
                words[words.count - 1] = "\(option)=\(argument)"
            } else {
                words.append(argument)
            }
        }
        return words
    }

    private static func isNegative(_ argument: String) -> Bool {
        let bytes = argument.utf8.prefix(2)
        return bytes.first == UInt8(ascii: "-")
            && bytes.dropFirst().contains { (0x30...0x39).contains($0) }
    }
}
