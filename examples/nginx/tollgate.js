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
        r.variables.tollgate_key_id = answer.headersOut['x-tollgate-key-id'] || '';
        r.variables.tollgate_reservation = answer.headersOut['x-tollgate-reservation'] || '';
        r.internalRedirect('@provider');
        return;
    }
    ['Content-Type', 'Retry-After', 'WWW-Authenticate', 'x-tollgate-reason'].forEach(function (name) {
        if (answer.headersOut[name]) { r.headersOut[name] = answer.headersOut[name]; }
    });
    const isAnswer = answer.status >= 400 && answer.status < 500;
    r.return(isAnswer ? answer.status : 503, isAnswer ? answer.responseText : '');
}

export default { authorize };
