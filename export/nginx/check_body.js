// Decides whether the body of a predict request may reach the server; nginx.conf says why.
//
// The deepest honest request is {"instances": [{"text": {"b64": "..."}}]}: four levels. All inputs
// have rank 1, so no array holds another, and a request has a row, so no array is empty.
//
// The scan does not parse: it walks over the bytes once and keeps no stack, so it is linear and
// cannot overflow. It sees both of two equal keys, of which a parser takes one or the other, and
// bytes that are not utf-8 hide nothing from it. Other faults are left to the server, which
// answers them without harm.

const MAX_DEPTH = 4;
const SPACE = 0x20;  // JSON's white space is this and three bytes below
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Passes a request on to the server, or answers 400 with what is wrong with its body. */
function predict(r) {
    const fault = faultOf(r.requestBuffer || Buffer.alloc(0));
    if (fault) {
        r.return(400, JSON.stringify({error: fault}) + '\n');
    } else {
        r.internalRedirect('@server');
    }
}

/** What a body must be and is not; empty for one that may pass. */
function faultOf(body) {
    const length = body.length;
    let depth = 0;
    let arrays = 0;
    for (let i = 0; i < length; i++) {
        const byte = body[i];
        if (byte === QUOTE) {
            i = endOfString(body, i + 1);
        } else if (byte < OPEN_ARRAY) {  // most bytes outside strings: digits, commas, white space
            continue;
        } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
            depth++;
            if (byte === OPEN_ARRAY && ++arrays > 1) {
                return 'an array must hold no other array: inputs have rank 1';
            }
            if (depth > MAX_DEPTH) {
                return `the body must be nested at most ${MAX_DEPTH} deep`;
            }
        } else if (byte === CLOSE_ARRAY) {
            if (lastBefore(body, i) === OPEN_ARRAY) {
                return 'a request must have at least one row: no array is empty';
            }
            depth--;
            arrays--;
        } else if (byte === CLOSE_OBJECT) {
            depth--;
        }
    }
    return '';
}

/** The last byte before a place that is no white space. */
function lastBefore(body, place) {
    do {
        place--;
    } while (body[place] <= SPACE);
    return body[place];
}

/** The place of the quotation mark that ends the string from `start` on, or the body's end. */
function endOfString(body, start) {
    let end = body.indexOf(QUOTE, start);
    while (end !== -1) {
        let first = end;  // of the backslashes right before it, of which each pair is one character
        while (first > start && body[first - 1] === BACKSLASH) {
            first--;
        }
        if ((end - first) % 2 === 0) {
            return end;
        }
        end = body.indexOf(QUOTE, end + 1);
    }
    return body.length;
}

export default {predict};
