internal import TollgateCore

/// What the path of an LLM request says about it.
///
/// The paths of OpenAI, Anthropic, Gemini, Bedrock and Azure, with whatever prefix a proxy has put
/// before them; the query is not looked at.
struct RequestPath {
    /// What the caller wants to do; nil when the path is not one we know.
    private(set) var action: StaticString?

    /// The model that the path names, as a range of it; empty when it names none.
    private(set) var model = 0..<0

    /// What the model is if an unknown verb stands behind it; empty when there is no such reading.
    ///
    /// `models/a:predict` may be the model `a:predict`, as in OpenAI's `ft:gpt-4o:acme`, or the
    /// model `a` with a verb of Gemini's that is not known here.
    private(set) var shorterModel = 0..<0

    /// Whether the path is written so that the service behind may take it for another one.
    ///
    /// It has segments `.` or `..`, or letters, dots or slashes in disguise where no client needs
    /// one. What such a path names is not known.
    private(set) var isDisguised = false

    /// Whether the answer is to be streamed, as far as the path says so.
    private(set) var isStream = false

    /// Whether the answer is generated text, so that it has a maximum output.
    private(set) var generates = false

    /// Whether the request has a prompt that is paid for.
    private(set) var hasPrompt = false

    /// Whether the action is one that has a streaming form of its own.
    private(set) var isChat = false

    /// Reads a path, with or without a query.
    init(_ path: Span<UInt8>) {
        var end = 0
        // Nearly all paths are plain: only the others are looked at again.
        var isPlain = true
        while end < path.count, path[end] != UInt8(ascii: "?"), path[end] != UInt8(ascii: "#") {
            let byte = path[end]
            if byte == UInt8(ascii: "%") || byte == UInt8(ascii: "\\")
                || byte == UInt8(ascii: ".") && end > 0 && path[end - 1] == UInt8(ascii: "/")
            {
                isPlain = false
            }
            end += 1
        }
        var segments = Segments(path: path, end: end)
        while let segment = segments.next() {
            read(segment, of: path, &segments)
        }
        if !isPlain { isDisguised = findDisguise(path, end) }
    }

    private func findDisguise(_ path: Span<UInt8>, _ end: Int) -> Bool {
        var segments = Segments(path: path, end: end)
        while let segment = segments.next() {
            // The name of a model may be any text, so it may need any encoding.
            let isName = !model.isEmpty && segment.lowerBound == model.lowerBound
            if PercentEncoding.isDisguised(path.extracting(segment), isName: isName) {
                return true
            }
            let hasVerb = isName && model.upperBound < segment.upperBound
            if isName, !hasVerb, RequestPath.hidesVerb(path.extracting(segment)) { return true }
        }
        return false
    }

    /// The longest segment that is decoded: three characters for each byte of a model's name, and
    /// room for a verb.
    private static let nameLimit = 1024

    /// Whether a name ends in a verb once it is decoded: `a%3AgenerateContent`.
    private static func hidesVerb(_ name: Span<UInt8>) -> Bool {
        // No model has a name of this length; a buffer has no room for any length.
        guard (1...nameLimit).contains(name.count) else { return true }
        var plain = TextBuffer(capacity: name.count)
        guard PercentEncoding.decode(name, into: &plain) else { return true }
        let text = plain.bytes
        guard let colon = lastColon(text, in: 0..<text.count) else { return false }
        return verb(named: text.extracting(colon + 1..<text.count)) != nil
    }

    /// Takes in one segment: the last one that means something decides the action.
    private mutating func read(
        _ segment: Range<Int>,
        of path: Span<UInt8>,
        _ segments: inout Segments
    ) {
        let text = path.extracting(segment)
        switch text.count {
        case 5 where Text.equal(text, "model"): readModel(&segments, of: path)
        case 5 where Text.equal(text, "audio"): pay("audio:create")
        case 6 where Text.equal(text, "models"):
            action = Action.listModels
            hasPrompt = false
            readModel(&segments, of: path)
            readShorterModel(of: path)
        case 6 where Text.equal(text, "images"): pay("images:create")
        case 6 where Text.equal(text, "invoke"): beChat(isStream: false)
        case 8 where Text.equal(text, "messages"): generate("messages:create")
        case 8 where Text.equal(text, "converse"): beChat(isStream: false)
        case 9 where Text.equal(text, "responses"): generate("responses:create")
        case 10 where Text.equal(text, "embeddings"): pay("embeddings:create")
        case 11 where Text.equal(text, "completions"): beChat(isStream: false)
        case 11 where Text.equal(text, "deployments"): readModel(&segments, of: path)
        case 11 where Text.equal(text, "moderations"):
            action = "moderations:create"
            hasPrompt = false
        case 12 where Text.equal(text, "count_tokens"): count()
        case 15 where Text.equal(text, "converse-stream"): beChat(isStream: true)
        case 27 where Text.equal(text, "invoke-with-response-stream"): beChat(isStream: true)
        default: break
        }
    }

    private mutating func beChat(isStream: Bool) {
        generate(Action.chatCompletions)
        isChat = true
        self.isStream = isStream
    }

    private mutating func generate(_ action: StaticString) {
        pay(action)
        generates = true
    }

    private mutating func pay(_ action: StaticString) {
        self.action = action
        hasPrompt = true
    }

    private mutating func count() {
        action = "tokens:count"
        (hasPrompt, generates, isChat, isStream) = (false, false, false, false)
    }

    /// Takes the next segment as a model, with Gemini's verb behind a colon.
    private mutating func readModel(_ segments: inout Segments, of path: Span<UInt8>) {
        guard let segment = segments.next() else { return }
        model = segment
        guard let colon = RequestPath.lastColon(path, in: segment) else { return }
        switch RequestPath.verb(named: path.extracting(colon + 1..<segment.upperBound)) {
        case .generate: beChat(isStream: false)
        case .stream: beChat(isStream: true)
        case .embed: pay("embeddings:create")
        case .count: count()
        // Bedrock's model ids contain a colon: `anthropic.claude-3:0`.
        case nil: return
        }
        model = segment.lowerBound..<colon
    }

    /// Takes what stands before the first colon of a name that has no known verb.
    private mutating func readShorterModel(of path: Span<UInt8>) {
        for index in model where path[index] == UInt8(ascii: ":") {
            shorterModel = model.lowerBound..<index
            return
        }
    }

    /// What Gemini's clients write behind a model and a colon.
    private enum Verb {
        case generate
        case stream
        case embed
        case count
    }

    private static func verb(named name: Span<UInt8>) -> Verb? {
        if Text.equal(name, "generateContent") { return .generate }
        if Text.equal(name, "streamGenerateContent") { return .stream }
        if Text.equal(name, "embedContent") || Text.equal(name, "batchEmbedContents") {
            return .embed
        }
        return Text.equal(name, "countTokens") ? .count : nil
    }

    private static func lastColon(_ path: Span<UInt8>, in range: Range<Int>) -> Int? {
        for index in range.reversed() where path[index] == UInt8(ascii: ":") { return index }
        return nil
    }

    /// Walks over the segments between slashes; empty ones are passed over.
    private struct Segments: ~Escapable {
        private let path: Span<UInt8>
        private let end: Int
        private var index = 0

        @_lifetime(copy path)
        init(path: Span<UInt8>, end: Int) {
            self.path = path
            self.end = end
        }

        @_lifetime(self: copy self)
        mutating func next() -> Range<Int>? {
            while index < end, path[index] == UInt8(ascii: "/") { index += 1 }
            guard index < end else { return nil }
            let start = index
            while index < end, path[index] != UInt8(ascii: "/") { index += 1 }
            return start..<index
        }
    }
}
