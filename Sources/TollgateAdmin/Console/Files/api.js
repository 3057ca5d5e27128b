// The management API, as the console calls it.

/** Why the server refused: what it says, with its code and, where one is to blame, the field. */
export class Refusal extends Error {
  constructor(status, error, requestId) {
    super(error.field ? `${error.field}: ${error.message}` : error.message);
    this.reason = error.message;
    this.status = status;
    this.code = error.code;
    this.field = error.field ?? null;
    this.requestId = requestId;
  }
}

/**
 * Calls the API with a key.
 *
 * The key is in memory alone: it ends with the page, and nothing of the browser keeps it.
 */
export class Api {
  // Beside the console, wherever a proxy has put it.
  #base = new URL(".", document.baseURI);
  #key;
  #onSignOut;

  constructor(key, onSignOut) {
    this.#key = key;
    this.#onSignOut = onSignOut;
  }

  /** Reads something; parameters that are empty are left out. */
  async get(path, parameters = {}) {
    return (await this.#answered("GET", this.#url(path, parameters))).json();
  }

  /** Reads a record, with its entity tag. */
  async record(path) {
    const response = await this.#answered("GET", this.#url(path));
    return { record: await response.json(), tag: response.headers.get("etag") };
  }

  /** Changes something; with a tag only if nobody else has changed it since. */
  async send(method, path, body, tag) {
    const headers = { "content-type": "application/json" };
    if (tag) headers["if-match"] = tag;
    // A POST that is sent again after a broken connection counts once.
    if (method === "POST") headers["idempotency-key"] = nonce();
    const text = body === undefined ? undefined : JSON.stringify(body);
    return (await this.#answered(method, this.#url(path), headers, text)).json();
  }

  /** Reads something as a file. */
  async file(path, parameters) {
    return (await this.#answered("GET", this.#url(path, parameters))).blob();
  }

  #url(path, parameters = {}) {
    const url = new URL(path, this.#base);
    for (const [name, value] of Object.entries(parameters)) {
      if (value !== "" && value !== null && value !== undefined) url.searchParams.set(name, value);
    }
    return url;
  }

  async #answered(method, url, headers = {}, body) {
    let response;
    try {
      response = await fetch(url, {
        method,
        body,
        headers: { ...headers, authorization: `Bearer ${this.#key}` },
        credentials: "omit",
        cache: "no-store",
      });
    } catch {
      throw new Refusal(0, { code: "unreachable", message: "The server cannot be reached." });
    }
    if (response.ok) return response;
    const requestId = response.headers.get("x-request-id");
    const answer = await response.json().catch(() => ({}));
    const error = answer.error ?? { code: "unknown", message: `The answer is ${response.status}.` };
    // The key was revoked, has expired, or was never one.
    if (response.status === 401) this.#onSignOut(error.message);
    throw new Refusal(response.status, error, requestId);
  }
}

/** A text that nobody else makes up; `randomUUID` is there for https and this machine alone. */
function nonce() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
