/** The control API, as the page asks it. Addresses are relative, so that the page works below any path of a proxy. */

const TOKEN = "mcp-orchestrator-token"; // Kept for this tab alone, and until it is closed.
const PATIENCE_MS = 30_000;

/** What the daemon answered instead of what was asked for; `status` 0: it did not answer. `message` is for a person. */
export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export const token = {
  get: () => sessionStorage.getItem(TOKEN),
  set: (value) => sessionStorage.setItem(TOKEN, value),
  forget: () => sessionStorage.removeItem(TOKEN),
};

/** Asks, and returns the answer as soon as it begins. ApiError: it is not the one that was asked for. */
export async function ask(method, path, { body, signal } = {}) {
  const headers = new Headers();
  if (token.get()) headers.set("Authorization", `Bearer ${token.get()}`);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  let response;
  try {
    response = await fetch(new URL(`api/v1${path}`, document.baseURI), {
      method,
      headers,
      body: JSON.stringify(body),
      signal,
      cache: "no-store",
      credentials: "same-origin",
    });
  } catch (error) {
    throw new ApiError(
      0,
      error.name === "TimeoutError" ? "The daemon took too long to answer." : "The daemon does not answer.",
    );
  }
  if (!response.ok) throw new ApiError(response.status, await whyNot(response));
  return response;
}

/** Asks for JSON, and returns it. */
export async function askJson(method, path, body) {
  const response = await ask(method, path, { body, signal: AbortSignal.timeout(PATIENCE_MS) });
  return response.status === 204 ? null : response.json();
}

/** The path of a server, with what comes after it. */
export const ofServer = (name, rest = "") => `/servers/${encodeURIComponent(name)}${rest}`;

async function whyNot(response) {
  const told = await toldBy(response);
  if (response.status === 401)
    return token.get() ? "The daemon does not know this token." : "The daemon asks for a token.";
  if (response.status === 403) return told || "This token may not do that.";
  return told || `The daemon answered with status ${response.status}.`;
}

async function toldBy(response) {
  try {
    const { detail, error } = await response.json();
    const told = error?.message ?? error ?? detail;
    return typeof told === "string" ? told : "";
  } catch {
    return "";
  }
}
