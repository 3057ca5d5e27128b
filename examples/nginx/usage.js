// Reads what a language model's answer says of its use while it passes by, in pieces cut anywhere.
//
// Read are OpenAI, Anthropic, Gemini and Bedrock, in one piece or as server-sent events. Nothing of
// the answer is kept but names and numbers, so it may be as long as it likes.

const DEPTH = 64;
const SHORT = 256;
// The most tokens that one report may tell of.
const HIGHEST = Math.pow(2, 40);

const QUOTE = 34, COMMA = 44, COLON = 58, OPEN_LIST = 91, BACKSLASH = 92, CLOSE_LIST = 93;
const OPEN_OBJECT = 123, CLOSE_OBJECT = 125, NEWLINE = 10, RETURN = 13, SPACE = 32, TAB = 9;

// Where values stand, by where they are nested: only these places say what was used.
const OUTPUT = {
    delta: 'text', content: 'text', text: 'text', reasoning_content: 'text', reasoning: 'text',
    refusal: 'text', thinking: 'text', partial_json: 'text', arguments: 'text',
    message: 'answer', parts: 'answer', tool_calls: 'answer', function: 'answer'
};
const PLACES = {
    root: {
        usage: 'usage', usageMetadata: 'usage', model: 'model', modelVersion: 'model', type: 'type',
        response: 'envelope', message: 'envelope', choices: 'answer', candidates: 'answer',
        delta: 'text'
    },
    envelope: { usage: 'usage', usageMetadata: 'usage', model: 'model', modelVersion: 'model' },
    usage: {
        prompt_tokens: 'prompt', promptTokenCount: 'prompt',
        input_tokens: 'input', inputTokens: 'input',
        completion_tokens: 'output', candidatesTokenCount: 'output',
        output_tokens: 'output', outputTokens: 'output', thoughtsTokenCount: 'thoughts',
        toolUsePromptTokenCount: 'tools',
        prompt_tokens_details: 'details', input_tokens_details: 'details',
        prompt_cache_hit_tokens: 'cached', cachedContentTokenCount: 'cached',
        cache_read_input_tokens: 'read', cacheReadInputTokens: 'read',
        cache_creation_input_tokens: 'written', cacheWriteInputTokens: 'written'
    },
    details: { cached_tokens: 'cached' },
    answer: OUTPUT,
    text: OUTPUT
};
const COUNTS = ['prompt', 'input', 'output', 'thoughts', 'tools', 'cached', 'read', 'written'];

function isSpace(byte) {
    return byte === SPACE || byte === TAB || byte === NEWLINE || byte === RETURN;
}

// How many backslashes stand before a place, back to `from`.
function backslashes(bytes, from, place) {
    let back = place;
    while (back > from && bytes[back - 1] === BACKSLASH) { back -= 1; }
    return place - back;
}

function own(object, name) {
    return Object.prototype.hasOwnProperty.call(object, name) ? object[name] : undefined;
}

// Walks over JSON.
function Scanner() {
    this.counts = {};
    this.estimate = 0;
    this.first = 0;
    this.documents = 0;
    this.model = '';
    this.restart();
}

// Begins a new text; what the ones before it told stays.
Scanner.prototype.restart = function () {
    this.stack = [];
    this.place = 'root';
    this.word = '';
    this.isName = this.inString = this.isEscaped = this.isBroken = this.isWhole = false;
    this.begin();
};

Scanner.prototype.begin = function () {
    this.told = {};
    this.bytes = 0;
    this.isStart = false;
};

// An object, the answer or an event of it, is complete: what it tells counts.
Scanner.prototype.finish = function () {
    this.documents += 1;
    if (this.isStart) {
        this.first = this.told.output || 0;
        delete this.told.output;
    }
    Object.assign(this.counts, this.told);
    // An event is a token as a rule; of a longer text each four bytes are.
    if (this.bytes > 0) { this.estimate += this.bytes <= 16 ? 1 : Math.ceil(this.bytes / 4); }
    this.begin();
};

// A number, `true`, `false`, `null`, or nothing stood before a comma or a bracket.
Scanner.prototype.endWord = function () {
    const word = this.word.trim();
    this.word = '';
    if (word === '' || COUNTS.indexOf(this.place) < 0) { return; }
    const number = Number(word);
    if (number >= 0 && number <= Number.MAX_SAFE_INTEGER) { this.told[this.place] = Math.floor(number); }
};

Scanner.prototype.open = function (isObject) {
    if (this.stack.length === DEPTH) { this.isBroken = true; return; }
    if (this.stack.length === 0) { this.isArray = !isObject; }
    if (!own(PLACES, this.place)) { this.place = 'other'; }
    if (isObject && this.place === 'root') { this.begin(); }
    this.stack.push({ place: this.place, isObject: isObject });
    this.isName = isObject;
};

Scanner.prototype.close = function () {
    const top = this.stack.pop();
    if (!top) { this.isBroken = true; return; }
    if (top.isObject && top.place === 'root') { this.finish(); }
    this.isName = false;
    this.isWhole = this.stack.length === 0;
};

// The string that has begun is over.
Scanner.prototype.endString = function () {
    const top = this.stack[this.stack.length - 1];
    if (this.isName && top) {
        this.place = own(own(PLACES, top.place) || {}, this.word) || 'other';
        this.isName = false;
    } else if (this.place === 'model') {
        this.model = this.word;
    } else if (this.place === 'type') {
        this.isStart = this.word === 'message_start';
    }
    this.word = '';
    this.inString = false;
};

// Where the quote is that ends a string, or the end of the piece.
Scanner.prototype.endOfString = function (piece, from, end) {
    for (let at = from; ; at++) {
        const found = piece.indexOf(QUOTE, at);
        at = found < 0 || found > end ? end : found;
        const count = backslashes(piece, from, at);
        // Of an odd number of backslashes the last one escapes what follows; the piece before may
        // have ended in one.
        const isOdd = (count + (at - count === from && this.isEscaped ? 1 : 0)) % 2 === 1;
        if (at === end) { this.isEscaped = isOdd; return end; }
        if (!isOdd) { this.isEscaped = false; return at; }
    }
};

// Takes characters of a string up to its end or that of the piece.
Scanner.prototype.readString = function (piece, from, end) {
    const at = this.endOfString(piece, from, end);
    if (this.place === 'text' && !this.isName) {
        this.bytes += at - from;
    } else if (this.word.length < SHORT) {
        this.word += piece.toString('utf8', from, Math.min(at, from + SHORT));
    }
    if (at === end) { return end; }
    this.endString();
    return at + 1;
};

// Reads the next piece, of which `from` to `end` are looked at.
Scanner.prototype.read = function (piece, from, end) {
    let at = from;
    while (at < end && !this.isBroken) {
        if (this.inString) {
            at = this.readString(piece, at, end);
        } else {
            this.step(piece[at]);
            at += 1;
        }
    }
};

// Takes a character outside of strings.
Scanner.prototype.step = function (byte) {
    const top = this.stack[this.stack.length - 1];
    switch (byte) {
    case QUOTE:
        this.word = '';
        this.inString = true;
        break;
    case OPEN_OBJECT: case OPEN_LIST:
        this.open(byte === OPEN_OBJECT);
        break;
    case CLOSE_OBJECT: case CLOSE_LIST:
        this.endWord();
        this.close();
        break;
    case COMMA:
        this.endWord();
        if (!top) { this.isBroken = true; return; }
        this.isName = top.isObject;
        if (!top.isObject) { this.place = top.place; }
        break;
    case COLON: case SPACE: case TAB: case NEWLINE: case RETURN:
        break;
    default:
        if (this.word.length < SHORT) { this.word += String.fromCharCode(byte); }
    }
};

// A reader of one answer: `read` each piece, then ask for the `result`.
function Reader() {
    this.scanner = new Scanner();
    this.form = '';
    this.line = '';
    this.isData = this.hasData = false;
}

Reader.prototype.read = function (piece) {
    let at = 0;
    for (; this.form === '' && at < piece.length; at++) {
        const byte = piece[at];
        if (isSpace(byte)) { continue; }
        this.form = byte === OPEN_OBJECT || byte === OPEN_LIST ? 'json'
            : 'deir:'.indexOf(String.fromCharCode(byte)) >= 0 ? 'events' : 'other';
        break;
    }
    if (this.form === 'json') { this.scanner.read(piece, at, piece.length); }
    if (this.form === 'events') { this.readEvents(piece, at); }
};

// Walks over server-sent events: only their `data` is looked at.
Reader.prototype.readEvents = function (piece, from) {
    let at = from;
    while (at < piece.length) {
        const newline = piece.indexOf(NEWLINE, at);
        const end = newline < 0 ? piece.length : newline;
        while (!this.isData && this.line.length < 5 && at < end) {
            this.line += String.fromCharCode(piece[at]);
            at += 1;
            if (this.line === 'data:') { this.beginData(); }
        }
        if (this.isData) { this.scanner.read(piece, at, end); }
        if (newline >= 0) {
            // An empty line ends the event.
            if (this.line === '' || this.line === '\r') { this.hasData = false; }
            this.line = '';
            this.isData = false;
        }
        at = end + 1;
    }
};

Reader.prototype.beginData = function () {
    if (!this.hasData) { this.scanner.restart(); }
    this.isData = this.hasData = true;
};

// What was used: `input` (undefined when it is not told), of it `cached`, and `output`; null when the
// answer does not tell.
//
// Of a stream that tells nothing, or ended before it did, what came of it is counted. Of an answer in
// one piece nothing can be said unless it is whole.
Reader.prototype.result = function () {
    const scanner = this.scanner, counts = scanner.counts;
    const isStream = this.form === 'events' || this.form === 'json' && scanner.isArray;
    if (scanner.documents === 0 || !isStream && !scanner.isWhole) { return null; }
    const input = inputOf(counts);
    const seen = isStream ? Math.max(scanner.estimate, scanner.first) : 0;
    const isTold = counts.output !== undefined || counts.thoughts !== undefined;
    if (!isTold && input === undefined && seen === 0) { return null; }
    return {
        input: input,
        cached: counts.cached || counts.read || 0,
        output: isTold ? (counts.output || 0) + (counts.thoughts || 0) : seen
    };
};

// All of the prompt: what was cached is part of it, or by some counted beside the rest.
function inputOf(counts) {
    if (counts.prompt !== undefined) { return counts.prompt + (counts.tools || 0); }
    if (counts.input === undefined) { return undefined; }
    return counts.input + (counts.read || 0) + (counts.written || 0);
}

// The report of a request, a record for `/authz/v1/settle`; empty when nobody can tell what it used,
// so that its hold ends by its age.
//
// - reservation: which request it was.
// - prompt: how many tokens of prompt count if the answer does not tell; undefined if there was none,
//   so that nothing was used.
// - status: that of the answer; from 400 on it gives the hold back if nothing was used.
Reader.prototype.report = function (reservation, prompt, status) {
    const record = { reservation_id: reservation, status: status };
    const used = this.result() || (prompt === undefined ? { input: 0, cached: 0, output: 0 } : null);
    if (used && (used.input !== undefined || prompt > 0)) {
        record.input_tokens = Math.min(used.input === undefined ? prompt : used.input, HIGHEST);
        record.cached_input_tokens = Math.min(used.cached, HIGHEST);
        record.output_tokens = Math.min(used.output, HIGHEST);
        // Of any other name, what was asked for is billed.
        if (/^[\w.:\/@+-]+$/.test(this.scanner.model)) { record.model = this.scanner.model; }
    } else if (used || status < 400) {
        return '';
    }
    return JSON.stringify(record);
};

// How many bytes of text a request has, which is what Tollgate holds for its prompt: no tokenizer
// makes more tokens of it. The names of fields and of the model are no text.
function prompt(body) {
    let bytes = 0, name = '';
    for (let first = body.indexOf(QUOTE); first >= 0;) {
        let last = body.indexOf(QUOTE, first + 1);
        while (last >= 0 && backslashes(body, first + 1, last) % 2 === 1) {
            last = body.indexOf(QUOTE, last + 1);
        }
        if (last < 0) { return bytes + body.length - first - 1; }
        let next = last + 1;
        while (isSpace(body[next])) { next += 1; }
        if (body[next] === COLON) {
            name = body.toString('utf8', first + 1, Math.min(last, first + SHORT));
        } else if (name !== 'model') {
            bytes += last - first - 1;
        }
        first = body.indexOf(QUOTE, last + 1);
    }
    return bytes;
}

export default { reader: function () { return new Reader(); }, prompt };
