// Reads answers with the reader of the example: byte by byte, and in two pieces, cut at many places.
//
// Each line of a request's body is an answer in hexadecimal digits; each line of the reply is what it
// says, all that it says if that depends on how it is cut.
import usage from 'usage.js';

function describe(pieces) {
    const reader = usage.reader();
    pieces.forEach(function (piece) { reader.read(piece); });
    const result = reader.result();
    if (!result) { return ''; }
    const words = ['cached=' + exact(result.cached)];
    if (result.input !== undefined) { words.push('input=' + exact(result.input)); }
    if (reader.model() !== '') { words.push('model=' + reader.model()); }
    words.push('output=' + exact(result.output));
    return words.join(' ');
}

// Whole, and bounded as Tollgate's own numbers are.
function exact(number) {
    return number >= Math.pow(2, 63) ? '9223372036854775807' : number.toFixed(0);
}

function answer(digits) {
    const body = Buffer.from(digits, 'hex'), step = Math.ceil(body.length / 50);
    const found = [], bytes = [];
    function note(pieces) {
        const text = describe(pieces);
        if (found.indexOf(text) < 0) { found.push(text); }
    }
    for (let place = 0; place < body.length; place++) {
        bytes.push(body.slice(place, place + 1));
        if (place % step === 0) { note([body.slice(0, place), body.slice(place)]); }
    }
    note(bytes);
    return found.join(' | ');
}

function read(r) {
    r.return(200, r.requestText.split('\n').map(answer).join('\n'));
}

export default { read };
