internal import ArgumentParser
internal import TollgateAdmin

/// What a key wants to do: options named after the fields of `tollgate.v1.CheckRequest`.
struct RequestOptions: ParsableArguments {
    @Option(help: "The model to call.")
    var model = ""

    @Option(help: "Where the call is processed.")
    var region = ""

    @Option(help: "Prompt plus the most that may be generated.")
    var tokens: UInt64 = 0

    @Option(help: "Of the tokens, the prompt.")
    var inputTokens: UInt64 = 0

    @Option(help: "Who makes the model: openai.")
    var provider = ""

    @Option(help: "Which of the provider's endpoints is meant: openai-eu.")
    var supplier = ""

    @Option(help: "What is done: chat:completions, embeddings:create.")
    var action = ""

    @Option(help: "The address of the client.")
    var clientIP = ""

    /// The fields that say something, as the API takes them.
    var document: JSONValue {
        var members: [JSONValue.Member] = []
        let texts = [
            ("model", model), ("region", region), ("provider", provider), ("supplier", supplier),
            ("action", action), ("client_ip", clientIP),
        ]
        for (name, text) in texts where !text.isEmpty {
            members.append(JSONValue.Member(name, .string(text)))
        }
        if tokens > 0 { members.append(JSONValue.Member("tokens", JSONValue(tokens))) }
        if inputTokens > 0 {
            members.append(JSONValue.Member("input_tokens", JSONValue(inputTokens)))
        }
        return .object(members)
    }
}
