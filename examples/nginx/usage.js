// Reads what a language model's answer says of its use while it passes by, in pieces cut anywhere.
//
// Read are OpenAI (chat, completions, responses, embeddings), Anthropic, Gemini and Bedrock, in one
// piece or as server-sent events.
import json from 'json.js';

// The most tokens that one report may tell of.
const HIGHEST = Math.pow(2, 40);

const NEWLINE = 10, RETURN = 13, SPACE = 32, QUOTE = 34, COLON = 58, BACKSLASH = 92;
const MARK = [0xEF, 0xBB, 0xBF];
const FIELD = 'data:';

// A reader of one answer: `read` each piece, then ask for the `result` or the `report`.
function Reader() {
    this.scanner = json.scanner();
    this.form = '';
    // The line of an event that is being read.
    this.line = 'name';
    this.field = '';
    this.hasData = false;
    this.wasReturn = false;
}

// Reads the next piece.
Reader.prototype.read = function (piece) {
    let at = 0;
    if (this.form === '') {
        // What it is its first byte says; white space and a byte order mark say nothing.
        while (at < piece.length && (json.isSpace(piece[at]) || MARK.indexOf(piece[at]) >= 0)) { at += 1; }
        if (at === piece.length) { return; }
        const first = String.fromCharCode(piece[at]);
        this.form = '{['.indexOf(first) >= 0 ? 'json' : 'deir:'.indexOf(first) >= 0 ? 'events' : 'other';
    }
    if (this.form === 'json') { this.scanner.read(piece, at, piece.length); }
    if (this.form === 'events') { this.readEvents(piece, at); }
};

// Walks over server-sent events; what is no JSON, as `[DONE]`, tells nothing.
Reader.prototype.readEvents = function (piece, from) {
    let start = from;
    // Behind a carriage return a line feed ends no other line.
    if (this.wasReturn && piece[start] === NEWLINE) { start += 1; }
    if (start < piece.length) { this.wasReturn = false; }
    let newline = -1, carriage = -1;
    while (start < piece.length) {
        newline = nextOf(piece, NEWLINE, start, newline);
        carriage = nextOf(piece, RETURN, start, carriage);
        let end = Math.min(newline, carriage);
        if (end > start) { this.readLine(piece, start, end); }
        if (end < piece.length) {
            // An empty line ends the event.
            if (this.field === '') { this.hasData = false; }
            this.line = 'name';
            this.field = '';
            this.wasReturn = piece[end] === RETURN && end + 1 === piece.length;
            if (piece[end] === RETURN && piece[end + 1] === NEWLINE) { end += 1; }
        }
        start = end + 1;
    }
};

// Where a byte is next, or the piece's end; `last` is where it was before.
function nextOf(piece, byte, from, last) {
    if (last >= from) { return last; }
    const found = piece.indexOf(byte, from);
    return found < 0 ? piece.length : found;
}

// Reads a part of a line: of an event only its `data` counts, several lines of it as one text.
Reader.prototype.readLine = function (piece, from, to) {
    let at = from;
    while (this.line === 'name' && at < to) {
        this.field += String.fromCharCode(piece[at]);
        at += 1;
        if (this.field === FIELD) {
            this.beginData();
        } else if (this.field !== FIELD.slice(0, this.field.length)) {
            this.line = 'other';
        }
    }
    if (this.line === 'space' && at < to) {
        this.line = 'data';
        if (piece[at] === SPACE) { at += 1; }
    }
    if (this.line === 'data') { this.scanner.read(piece, at, to); }
};

Reader.prototype.beginData = function () {
    this.line = 'space';
    if (this.hasData) {
        this.scanner.read([NEWLINE], 0, 1);
    } else {
        this.scanner.restart();
    }
    this.hasData = true;
};

// What was used: `input` (undefined when it is not told), of it `cached`, and `output`; null when the
// answer does not tell.
//
// Of a stream that tells nothing, or ended before it did, what came of it is counted. Of an answer in
// one piece nothing can be said unless it is whole.
Reader.prototype.result = function () {
    const scanner = this.scanner, counts = scanner.counts;
    const isStream = this.form === 'events' || this.form === 'json' && scanner.isList;
    if (scanner.documents === 0 || !isStream && !scanner.isWhole()) { return null; }
    const input = inputOf(counts);
    const seen = isStream ? Math.max(scanner.estimate, scanner.first) : 0;
    const isTold = counts.output !== undefined || counts.thoughts !== undefined;
    if (!isTold && input === undefined && seen === 0) { return null; }
    return {
        input: input,
        cached: counts.cached === undefined ? counts.read || 0 : counts.cached,
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
    const used = this.result() || (prompt === undefined ? { cached: 0, output: 0 } : null);
    if (used) {
        if (used.input === undefined && prompt === 0) { return ''; }
        record.input_tokens = Math.min(used.input === undefined ? prompt || 0 : used.input, HIGHEST);
        record.cached_input_tokens = Math.min(used.cached, HIGHEST);
        record.output_tokens = Math.min(used.output, HIGHEST);
        // Of any other name, what was asked for is billed.
        if (/^[\w.:\/@+-]+$/.test(this.model())) { record.model = this.model(); }
    } else if (status < 400) {
        return '';
    }
    return JSON.stringify(record);
};

// The model that has answered, its bytes as characters; empty when it is not known.
Reader.prototype.model = function () {
    return this.scanner.model === null ? '' : this.scanner.model;
};

// How many bytes of text a request has, which is what Tollgate holds for its prompt: no tokenizer
// makes more tokens of it. The names of fields and of the model are no text.
function prompt(body) {
    let bytes = 0, name = '';
    for (let first = body.indexOf(QUOTE); first >= 0;) {
        let last = first + 1;
        while (last < body.length && body[last] !== QUOTE) { last += body[last] === BACKSLASH ? 2 : 1; }
        last = Math.min(last, body.length);
        let next = last + 1;
        while (json.isSpace(body[next])) { next += 1; }
        if (body[next] === COLON) {
            name = body.toString('utf8', first + 1, last);
        } else if (name !== 'model') {
            bytes += last - first - 1;
        }
        first = body.indexOf(QUOTE, last + 1);
    }
    return bytes;
}

export default { reader: function () { return new Reader(); }, prompt };
