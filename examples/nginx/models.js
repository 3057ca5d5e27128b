// Shows those of the provider's models that a key may call, as `x-tollgate-models` says.
import tollgate from 'tollgate.js';

async function list(r) {
    const answer = await r.subrequest('/_tollgate', { method: 'GET' });
    if (answer.status !== 200) {
        tollgate.refuse(r, answer);
        return;
    }
    tollgate.take(r, answer);
    const models = await r.subrequest('/_models', { method: 'GET' });
    r.headersOut['Content-Type'] = 'application/json';
    if (models.status !== 200) {
        r.return(models.status, models.responseText);
        return;
    }
    try {
        // Without the header, which comes with every list, nothing is shown.
        r.return(200, filter(models.responseText, answer.headersOut['x-tollgate-models'] || '!*'));
    } catch (error) {
        r.return(502, '{"error":{"code":"bad_list","message":"The provider sent no list.","status":502}}');
    }
}

// The text of a list without what is not to be shown: `data` of OpenAI and Anthropic, `models` of Gemini.
function filter(text, rules) {
    const document = JSON.parse(text);
    ['data', 'models'].forEach(function (name) {
        if (!Array.isArray(document[name])) { return; }
        document[name] = document[name].filter(function (model) {
            return shows(rules, String(model.id || model.name).replace(/^models\//, ''));
        });
    });
    return JSON.stringify(document);
}

// Whether a model passes all rules.
function shows(rules, model) {
    return rules.split(';').every(function (rule) {
        const patterns = rule.split(',');
        const denied = patterns.filter(function (pattern) { return pattern[0] === '!'; });
        const allowed = patterns.filter(function (pattern) { return pattern[0] !== '!'; });
        if (denied.some(function (pattern) { return stands(pattern.slice(1), model); })) { return false; }
        return allowed.length === 0
            || allowed.some(function (pattern) { return stands(pattern, model); });
    });
}

// Whether a pattern stands for a model: `*` is any run of characters, and capitals do not matter.
function stands(pattern, model) {
    const parts = pattern.split('*').map(function (part) {
        return decodeURIComponent(part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    });
    return new RegExp('^' + parts.join('.*') + '$', 'i').test(model);
}

export default { list };
