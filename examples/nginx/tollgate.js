// Asks Tollgate about a request with its body, and passes what it answers on, whatever the status.
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
        r.internalRedirect('@provider');
        return;
    }
    refuse(r, answer);
}

// Keeps what an allowed request takes along: whose it is, and the credential of its supplier.
function take(r, answer) {
    r.variables.tollgate_key_id = answer.headersOut['x-tollgate-key-id'] || '';
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

export default { authorize, take, refuse };
