/// One question to decide.
///
/// May this key call this model, in this region, for this many tokens?
///
/// Every adapter fills one of these, whatever its proxy speaks, and the engine reads it. Texts are
/// copied in and checked on the way: what is here is valid text of bounded length, in memory that
/// is used again for the next question. Nothing is allocated after `init`.
package struct CheckRequest: ~Copyable {
    /// The texts of a question, in the order in which the journal stores their ranges.
    package enum Field: UInt8, CaseIterable, Sendable {
        case model
        case region
        case provider
        case supplier
        case action
        case userAgent
        case requestID

        /// The longest text that is taken, in bytes.
        package var limit: Int {
            switch self {
            case .model: 256
            case .region, .provider, .supplier, .action: 128
            case .userAgent: 256
            case .requestID: 128
            }
        }
    }

    /// Why a text was refused.
    package enum Problem: Error, Equatable, Sendable {
        /// Longer than its field's limit.
        case tooLong(Field)
        /// Not UTF-8, or with control characters.
        case notText(Field)
        /// Metadata: too much of it, or not text.
        case metadata
        /// How many tokens: not a number.
        case badTokens
    }

    /// The longest secret that is taken, in bytes.
    package static let secretLimit = 1024

    /// The most bytes of metadata, lengths included.
    package static let metadataLimit = 4096

    /// Where each field's text is, by `Field.rawValue`.
    package private(set) var ranges = [7 of TextRange](repeating: .empty)

    /// The texts of all fields, one behind the other.
    package private(set) var text = TextBuffer(capacity: 2048)

    /// What the caller presented as its key; never journalled, wiped by `reset`.
    package private(set) var secret = TextBuffer(capacity: secretLimit)

    /// Pairs of metadata: 16-bit length, key, 16-bit length, value; lengths big-endian.
    package private(set) var metadata = TextBuffer(capacity: metadataLimit)

    /// Where the second name of the model is.
    private var otherModelRange = TextRange.empty

    /// Where the provider of that model is, if the catalogue knows it and nobody named one.
    private var otherProviderRange = TextRange.empty

    /// What else the model in `.model` is called, by the catalogue; see `complete(from:)`.
    private(set) var modelNames: [[UInt8]] = []

    /// What else `otherModel` is called.
    private(set) var otherModelNames: [[UInt8]] = []

    /// Whether the provider is the model's, because nobody named one.
    package internal(set) var isProviderOfModel = false

    /// Fields that the client named in a way that cannot be read, one bit each.
    private var unreadable: UInt8 = 0

    /// How the credentials came.
    package var credentials = Credentials.missing

    /// The address of the client, when it is known.
    package var clientIP: IPAddress?

    /// Prompt plus the most that may be generated.
    package var tokens: UInt64 = 0

    /// Of `tokens`, the prompt; 0 when it is not known.
    package var inputTokens: UInt64 = 0

    /// The tokens that it may use at most: whoever states fewer in all than for the prompt alone is
    /// taken by the prompt.
    package var mostTokens: UInt64 { max(tokens, inputTokens) }

    /// Whether there is a prompt that nobody can say the length of, so that `tokens` lacks it.
    package var hasUnknownPrompt = false

    /// Decide and answer, but count and hold nothing.
    package var isDryRun = false

    /// Also say how the decision came about.
    package var wantsExplanation = false
    /// What is known of the texts in its body.
    package var content = RequestContent.unread
    /// Whether the caller is told of the tightest limits of all kinds, and not only of requests and
    /// tokens.
    package var wantsEveryLimit = false

    /// An empty question.
    package init() {}

    /// Makes the question empty again and forgets the secret.
    package mutating func reset() {
        ranges = [7 of TextRange](repeating: .empty)
        otherModelRange = .empty
        otherProviderRange = .empty
        modelNames = []
        otherModelNames = []
        text.removeAll()
        secret.wipe()
        metadata.removeAll()
        isProviderOfModel = false
        unreadable = 0
        credentials = .missing
        clientIP = nil
        tokens = 0
        inputTokens = 0
        hasUnknownPrompt = false
        isDryRun = false
        wantsExplanation = false
        wantsEveryLimit = false
        content = .unread
    }

    /// The text of a field, empty when it was not set.
    package subscript(field: Field) -> Span<UInt8> {
        @_lifetime(borrow self)
        get { text.bytes(in: ranges[Int(field.rawValue)]) }
    }

    /// Whether the field has a text.
    package func has(_ field: Field) -> Bool {
        ranges[Int(field.rawValue)].count != 0
    }

    /// Notes that the client named something that is no text or too long to be one.
    ///
    /// The decision then denies what the field is about, whatever the key's rules: such a name is
    /// never cut to fit, nor taken for a missing one.
    package mutating func markUnreadable(_ field: Field) {
        unreadable |= 1 << field.rawValue
    }

    /// Whether the field was named in a way that cannot be read.
    package func isUnreadable(_ field: Field) -> Bool {
        unreadable & 1 << field.rawValue != 0
    }

    /// Sets a field's text; an earlier one is replaced.
    package mutating func set(_ field: Field, to bytes: Span<UInt8>) throws(Problem) {
        guard bytes.count <= field.limit else { throw .tooLong(field) }
        guard Text.isValid(bytes) else { throw .notText(field) }
        // Replaced texts stay behind as a gap, so a field set again and again could fill the buffer.
        guard let range = text.append(bytes) else { throw .tooLong(field) }
        ranges[Int(field.rawValue)] = range
    }

    /// What else the client called the model, empty when nothing.
    package var otherModel: Span<UInt8> {
        @_lifetime(borrow self)
        get { text.bytes(in: otherModelRange) }
    }

    /// Notes that the client names another model besides the one in `.model`.
    ///
    /// For a body and a path that disagree: which of them counts is up to the service behind, so
    /// the key must be allowed to call both.
    package mutating func alsoName(model bytes: Span<UInt8>) throws(Problem) {
        guard bytes.count <= Field.model.limit else { throw .tooLong(.model) }
        guard Text.isValid(bytes) else { throw .notText(.model) }
        guard let range = text.append(bytes) else { throw .tooLong(.model) }
        otherModelRange = range
    }

    /// The provider of the request when `otherModel` is what counts: the one that was named, or else
    /// that of this model, empty when it is not known.
    package var otherProvider: Span<UInt8> {
        @_lifetime(borrow self)
        get {
            if otherProviderRange.count == 0, !isProviderOfModel { return self[.provider] }
            return text.bytes(in: otherProviderRange)
        }
    }

    /// Fills in what the catalogue knows of what the request names: what else its models are called,
    /// the provider of the other one, and what `complete(with:)` does.
    ///
    /// - Returns: the model that the request names first; nil when it is not known.
    package mutating func complete(from models: ModelCatalogue) throws(Problem) -> Model? {
        if !otherModel.isEmpty, let other = models.model(named: otherModel) {
            otherModelNames = other.names
            if !has(.provider) || isProviderOfModel {
                let provider = other.providerBytes
                guard let range = text.append(provider.span) else { throw .tooLong(.provider) }
                otherProviderRange = range
            }
        }
        guard let model = models.model(named: self[.model]) else { return nil }
        modelNames = model.names
        try complete(with: model)
        return model
    }

    /// Sets a field's text to ASCII characters that are known to fit.
    package mutating func set(_ field: Field, to string: StaticString) throws(Problem) {
        let bytes = Span(
            _unsafeElements: UnsafeBufferPointer(
                start: string.utf8Start,
                count: string.utf8CodeUnitCount
            )
        )
        try set(field, to: bytes)
    }

    /// Takes what the caller presented as its key.
    ///
    /// A second, different secret makes the credentials ambiguous; the same one again is harmless.
    /// A secret that is too long to be one of ours is kept as unusable.
    package mutating func present(_ bytes: Span<UInt8>) {
        switch credentials {
        case .missing:
            credentials = secret.append(bytes) == nil ? .unusable : .presented
        case .presented:
            if !Text.equal(secret.bytes, bytes) { credentials = .ambiguous }
        case .unusable, .ambiguous:
            credentials = .ambiguous
        }
    }

    /// Adds a pair that is copied to the audit record.
    package mutating func addMetadata(
        _ key: Span<UInt8>,
        _ value: Span<UInt8>
    ) throws(Problem) {
        let needed = 4 + key.count + value.count
        guard
            needed <= metadata.capacity - metadata.count,
            Text.isValid(key), Text.isValid(value)
        else { throw .metadata }
        for part in 0..<2 {
            let bytes = part == 0 ? key : value
            _ = metadata.append(UInt8(bytes.count >> 8))
            _ = metadata.append(UInt8(bytes.count & 0xFF))
            _ = metadata.append(bytes)
        }
    }

    /// How the caller's credentials came.
    package enum Credentials: UInt8, Sendable {
        /// None at all.
        case missing
        /// One secret, or the same one more than once.
        case presented
        /// Something that cannot be a secret of ours.
        case unusable
        /// Two that differ.
        case ambiguous
    }
}
