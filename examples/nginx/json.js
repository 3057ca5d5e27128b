// Walks over JSON (RFC 8259) that comes in pieces, cut at any byte, and keeps what it says of use.
//
// Nothing of the text is kept but the name or short value that is being read, so that an answer may
// be as long as it likes. Of a name that comes twice the last one counts.

const DEPTH = 64, NAME = 32, MODEL = 256, SCALAR = 64;

const QUOTE = 34, COMMA = 44, COLON = 58, BACKSLASH = 92, SPACE = 32, HIGHEST_CONTROL = 31;
const OPEN_LIST = 91, CLOSE_LIST = 93, OPEN_OBJECT = 123, CLOSE_OBJECT = 125;

// Where a field stands, by where its object does and by its name. The elements of a list stand where
// the list does. `root` is the answer or one event of it, `envelope` an answer within one, `text`
// what was generated, and `answer` what texts are in.
const GENERATED = {
    delta: 'text', message: 'answer', content: 'text', parts: 'answer', text: 'text',
    reasoning_content: 'text', reasoning: 'text', refusal: 'text', thinking: 'text',
    partial_json: 'text', tool_calls: 'answer', function: 'answer', arguments: 'text'
};
const FIELDS = {
    envelope: { model: 'model', modelVersion: 'model', usage: 'usage', usageMetadata: 'usage' },
    root: {
        model: 'model', modelVersion: 'model', usage: 'usage', usageMetadata: 'usage', type: 'kind',
        choices: 'answer', candidates: 'answer', delta: 'text', response: 'envelope',
        message: 'envelope'
    },
    answer: GENERATED,
    text: GENERATED,
    usage: {
        // The prompt, what was cached of it included.
        prompt_tokens: 'prompt', promptTokenCount: 'prompt',
        // The prompt; where a cache is told of beside it, without what was cached.
        input_tokens: 'input', inputTokens: 'input',
        completion_tokens: 'output', output_tokens: 'output',
        candidatesTokenCount: 'output', outputTokens: 'output',
        // What the two before do not include.
        thoughtsTokenCount: 'thoughts', toolUsePromptTokenCount: 'tools',
        prompt_tokens_details: 'details', input_tokens_details: 'details',
        prompt_cache_hit_tokens: 'cached', cachedContentTokenCount: 'cached',
        cache_read_input_tokens: 'read', cacheReadInputTokens: 'read',
        cache_creation_input_tokens: 'written', cacheWriteInputTokens: 'written'
    },
    details: { cached_tokens: 'cached' }
};
const COUNTS = ['prompt', 'input', 'output', 'thoughts', 'tools', 'cached', 'read', 'written'];

const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;
const ESCAPES = { 34: 34, 92: 92, 47: 47, 98: 8, 102: 12, 110: 10, 114: 13, 116: 9 };

function isSpace(byte) {
    return byte === SPACE || byte === 10 || byte === 13 || byte === 9;
}

function own(object, name) {
    return Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;
}

// A text with more bytes behind it; null once it is longer than it may be.
function joined(text, piece, from, to, limit) {
    if (text === null || text.length + to - from > limit) { return null; }
    for (let at = from; at < to; at++) { text += String.fromCharCode(piece[at]); }
    return text;
}

function Scanner() {
    // What all objects have told until now: counts, the model, how many tokens their texts make.
    this.counts = {};
    this.model = '';
    this.estimate = 0;
    // What was generated when a stream began, told before any of it was there.
    this.first = 0;
    this.documents = 0;
    this.isList = false;
    this.restart();
}

// Begins a new text; what the ones before it told stays.
Scanner.prototype.restart = function () {
    this.state = 'value';
    this.place = 'root';
    this.around = [];
    this.begin();
};

Scanner.prototype.begin = function () {
    this.told = {};
    this.bytes = 0;
    this.isStart = false;
};

// Whether the bytes until now are one whole value.
Scanner.prototype.isWhole = function () {
    return this.state === 'end';
};

// Reads the bytes of a piece from a place up to another.
Scanner.prototype.read = function (piece, from, to) {
    let at = from;
    while (at < to) {
        switch (this.state) {
        case 'string': at = this.readString(piece, at, to); continue;
        case 'scalar': at = this.readScalar(piece, at, to); continue;
        case 'escape': this.readEscape(piece[at]); break;
        case 'hex': this.readHex(piece[at]); break;
        case 'broken': return;
        default: if (!isSpace(piece[at])) { this.step(piece[at]); }
        }
        at += 1;
    }
};

// Takes a byte between values.
Scanner.prototype.step = function (byte) {
    switch (this.state) {
    case 'value': return this.beginValue(byte);
    case 'name': return this.beginName(byte);
    case 'value or end': return byte === CLOSE_LIST ? this.close(byte) : this.beginValue(byte);
    case 'name or end': return byte === CLOSE_OBJECT ? this.close(byte) : this.beginName(byte);
    case 'colon': this.state = byte === COLON ? 'value' : 'broken'; return;
    case 'next': return byte === COMMA ? this.next() : this.close(byte);
    default: this.state = 'broken';
    }
};

Scanner.prototype.next = function () {
    const around = this.around[this.around.length - 1];
    this.state = around.isObject ? 'name' : 'value';
    this.place = around.place;
};

Scanner.prototype.beginValue = function (byte) {
    // What stands here takes the place of an earlier one of this name.
    if (this.place === 'usage') { this.told = {}; }
    if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        this.open(byte === OPEN_OBJECT);
    } else if (byte === QUOTE) {
        this.isName = false;
        this.state = 'string';
        if (this.place === 'model') { this.model = ''; }
        if (this.place === 'kind') { this.name = ''; }
    } else {
        this.scalar = String.fromCharCode(byte);
        this.state = 'scalar';
    }
};

Scanner.prototype.beginName = function (byte) {
    this.isName = true;
    this.name = '';
    this.state = byte === QUOTE ? 'string' : 'broken';
};

Scanner.prototype.endValue = function () {
    this.state = this.around.length === 0 ? 'end' : 'next';
};

Scanner.prototype.open = function (isObject) {
    if (this.around.length === DEPTH) { this.state = 'broken'; return; }
    if (this.around.length === 0) { this.isList = !isObject; }
    if (!own(FIELDS, this.place)) { this.place = 'other'; }
    this.around.push({ place: this.place, isObject: isObject });
    if (isObject && this.place === 'root') { this.begin(); }
    this.state = isObject ? 'name or end' : 'value or end';
};

Scanner.prototype.close = function (byte) {
    const around = this.around[this.around.length - 1];
    if (byte !== (around.isObject ? CLOSE_OBJECT : CLOSE_LIST)) { this.state = 'broken'; return; }
    if (around.isObject && around.place === 'root') { this.endDocument(); }
    this.around.pop();
    this.endValue();
};

// The answer, or an event of it, is complete: what it tells counts.
//
// A stream has a token in an event as a rule, of a few bytes; some collect several. So a text of up
// to 16 bytes is taken for one token, and of a longer one each four bytes are.
Scanner.prototype.endDocument = function () {
    this.documents += 1;
    if (this.isStart) {
        this.first = this.told.output || 0;
        delete this.told.output;
    }
    Object.assign(this.counts, this.told);
    if (this.bytes > 0) { this.estimate += this.bytes <= 16 ? 1 : Math.ceil(this.bytes / 4); }
};

// Takes characters of a string.
Scanner.prototype.take = function (piece, from, to) {
    if (this.isName || this.place === 'kind') {
        this.name = joined(this.name, piece, from, to, NAME);
    } else if (this.place === 'model') {
        this.model = joined(this.model, piece, from, to, MODEL);
    } else if (this.place === 'text') {
        this.bytes += to - from;
    }
};

// Takes plain characters, up to the string's end, an escape, or the end of the piece.
Scanner.prototype.readString = function (piece, from, to) {
    let at = from, byte = 0;
    for (; at < to; at++) {
        byte = piece[at];
        if (byte === 34 || byte === 92 || byte < 32) { break; }
    }
    this.take(piece, from, at);
    if (at === to) { return at; }
    if (byte === QUOTE) {
        this.endString();
    } else {
        this.state = byte === BACKSLASH ? 'escape' : 'broken';
    }
    return at + 1;
};

Scanner.prototype.endString = function () {
    if (this.isName) {
        const fields = own(FIELDS, this.around[this.around.length - 1].place) || {};
        this.place = own(fields, this.name === null ? '' : this.name) || 'other';
        this.state = 'colon';
        return;
    }
    if (this.place === 'kind') { this.isStart = this.name === 'message_start'; }
    this.endValue();
};

Scanner.prototype.readEscape = function (letter) {
    const character = own(ESCAPES, letter);
    this.state = letter === 117 ? 'hex' : character === undefined ? 'broken' : 'string';
    this.digits = '';
    if (character !== undefined) { this.take([character], 0, 1); }
};

Scanner.prototype.readHex = function (byte) {
    const digit = String.fromCharCode(byte);
    if ('0123456789abcdefABCDEF'.indexOf(digit) < 0) { this.state = 'broken'; return; }
    this.digits += digit;
    if (this.digits.length < 4) { return; }
    const unit = parseInt(this.digits, 16);
    // No name or model that matters is written with other escapes than these.
    this.take([unit < 128 ? unit : 255], 0, 1);
    this.state = 'string';
};

// Takes the letters and digits of a number or a word.
Scanner.prototype.readScalar = function (piece, from, to) {
    let at = from;
    while (at < to && /[-+.0-9A-Za-z]/.test(String.fromCharCode(piece[at]))) { at += 1; }
    this.scalar = joined(this.scalar, piece, from, at, SCALAR);
    if (at < to) { this.endScalar(); }
    return at;
};

Scanner.prototype.endScalar = function () {
    const text = this.scalar === null ? '' : this.scalar;
    const isNumber = NUMBER.test(text);
    if (!isNumber && ['true', 'false', 'null'].indexOf(text) < 0) { this.state = 'broken'; return; }
    if (isNumber && COUNTS.indexOf(this.place) >= 0) {
        const count = Number(text);
        if (count >= 0) { this.told[this.place] = Math.ceil(count); } else { delete this.told[this.place]; }
    }
    this.endValue();
};

export default { scanner: function () { return new Scanner(); }, isSpace };
