// Asks Tollgate about a request with its body, passes what it answers on, and tells what was used.
import usage from 'usage.js';

async function authorize(r) {
    let body;
    try {
        body = r.requestText;
    } catch (error) {
        r.headersOut['Content-Type'] = 'application/json';
        r.return(413, '{"error":{"code":"content_too_large","message":"The body is too long.","status":413}}');
        return;
    }
    const answer = await r.subrequest('/_tollgate', { method: 'POST', body: body || '' });
    if (answer.status === 200) {
        take(r, answer);
        r.variables.tollgate_prompt = body ? String(usage.prompt(r.requestBuffer)) : '';
        r.internalRedirect('@provider');
        return;
    }
    refuse(r, answer);
}

// Keeps what an allowed request takes along: whose it is, and the credential of its supplier.
function take(r, answer) {
    r.variables.tollgate_key_id = answer.headersOut['x-tollgate-key-id'] || '';
    r.variables.tollgate_organization_id = answer.headersOut['x-tollgate-organization-id'] || '';
    r.variables.tollgate_team_id = answer.headersOut['x-tollgate-team-id'] || '';
    r.variables.tollgate_user_id = answer.headersOut['x-tollgate-user-id'] || '';
    r.variables.tollgate_reservation = answer.headersOut['x-tollgate-reservation'] || '';
    r.variables.supplier_host = answer.headersOut['x-tollgate-upstream-host'] || '';
    r.variables.supplier_authorization = answer.headersOut['authorization'] || '';
    r.variables.supplier_x_api_key = answer.headersOut['x-api-key'] || '';
    r.variables.supplier_api_key = answer.headersOut['api-key'] || '';
}

// Tells the client what Tollgate has said.
function refuse(r, answer) {
    ['Content-Type', 'Retry-After', 'WWW-Authenticate', 'x-tollgate-reason'].forEach(function (name) {
        if (answer.headersOut[name]) { r.headersOut[name] = answer.headersOut[name]; }
    });
    const isAnswer = answer.status >= 400 && answer.status < 500;
    r.return(isAnswer ? answer.status : 503, isAnswer ? answer.responseText : '');
}

// Every request has a machine of its own, and with it this reader.
let reader = null;

// Passes a piece of the answer on at once, and notes what was used until then: the client may leave
// at any time, and nobody is asked again.
function watch(r, piece, flags) {
    r.sendBuffer(piece, flags);
    if (!reader) { reader = usage.reader(); }
    if (!r.headersOut['Content-Encoding']) { reader.read(piece); }
    const prompt = r.variables.tollgate_prompt;
    r.variables.tollgate_report = reader.report(
        r.variables.tollgate_reservation, prompt === '' ? undefined : Number(prompt), r.status);
}

export default { authorize, watch, take, refuse };
