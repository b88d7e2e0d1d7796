// A client of the TypeScript SDK 1.x before the gateway: `node ts1_client.mjs NODE_MODULES URL`. It does what clients do
// and prints, as one JSON object, what came of it. The server called `old` is tests/fixtures/sdk_server.py.
import { installed, how as url } from "../servers/installed.mjs";

const { Client } = installed("@modelcontextprotocol/sdk/client/index.js");
const { StreamableHTTPClientTransport } = installed("@modelcontextprotocol/sdk/client/streamableHttp.js");
const types = installed("@modelcontextprotocol/sdk/types.js");

const seen = { progress: [], asked: [], answeredBy: {} };
const client = new Client(
    { name: "typescript", version: "1" },
    { capabilities: { elicitation: {}, sampling: {}, roots: {} } },
);
client.setRequestHandler(types.ElicitRequestSchema, (request) => {
    seen.asked.push(request.params.message);
    return { action: "accept", content: { name: "Ann" } };
});
client.setRequestHandler(types.CreateMessageRequestSchema, () => ({
    model: "none",
    role: "assistant",
    content: { type: "text", text: "said the model" },
}));
client.setRequestHandler(types.ListRootsRequestSchema, () => ({ roots: [{ uri: "file:///srv" }] }));
const changed = new Promise((resolve) =>
    client.setNotificationHandler(types.ToolListChangedNotificationSchema, () => resolve(true)),
);

const transport = new StreamableHTTPClientTransport(new URL(url));
const call = (name, given = {}, options = {}) => client.callTool({ name: `old__${name}`, arguments: given }, undefined, options);
const heldAs = async (what, mark) => {
    while (!(await call("held")).structuredContent[what].includes(mark)) await new Promise((r) => setTimeout(r, 10));
    return true;
};

await client.connect(transport);
seen.server = client.getServerVersion().name;
seen.protocol = transport.protocolVersion;
seen.tools = (await client.listTools()).tools.map((tool) => tool.name);
seen.sum = (await call("add", { a: 2, b: 3 })).structuredContent;
seen.large = (await call("big", { size: 2_000_000 })).content[0].text.length;
await call("count", { to: 3 }, { onprogress: ({ progress, total, message }) => seen.progress.push([progress, total, message]) });
for (const tool of ["ask_user", "sample", "list_roots"]) seen.answeredBy[tool] = (await call(tool)).content[0].text;

const giveUp = new AbortController();
const held = call("hold", { mark: "ts" }, { signal: giveUp.signal }).catch((error) => String(error.message ?? error));
await heldAs("begun", "ts");
giveUp.abort("enough");
seen.cancelled = await held;
seen.givenUp = await heldAs("given_up", "ts");

seen.resources = (await client.listResources()).resources.map((resource) => resource.uri);
seen.memo = (await client.readResource({ uri: "memo://by/Oslo" })).contents[0].text;
seen.prompts = (await client.listPrompts()).prompts.map((prompt) => prompt.name);
seen.unknown = await call("nope").then(() => "none", (error) => error.code);

await call("grow", { name: "late" });
seen.changed = await changed;

const session = transport.sessionId;
await transport.terminateSession();
const afterwards = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", "mcp-session-id": session },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
});
seen.afterwards = afterwards.status;
await client.close();
console.log(JSON.stringify(seen));
