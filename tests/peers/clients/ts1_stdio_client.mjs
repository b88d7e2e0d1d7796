// A client of the TypeScript SDK 1.x that starts the gateway as a desktop client does:
// `node ts1_stdio_client.mjs NODE_MODULES COMMAND...`. It prints, as one JSON object, what came of it. The server called
// `old` is tests/fixtures/sdk_server.py, with a connection for the session.
import { installed } from "../servers/installed.mjs";

const { Client } = installed("@modelcontextprotocol/sdk/client/index.js");
const { StdioClientTransport } = installed("@modelcontextprotocol/sdk/client/stdio.js");
const types = installed("@modelcontextprotocol/sdk/types.js");

const seen = {};
const client = new Client({ name: "typescript", version: "1" }, { capabilities: { elicitation: {} } });
client.setRequestHandler(types.ElicitRequestSchema, () => ({ action: "accept", content: { name: "Ann" } }));
const changed = new Promise((resolve) =>
    client.setNotificationHandler(types.ToolListChangedNotificationSchema, () => resolve(true)),
);
const call = (name, given = {}, options = {}) => client.callTool({ name: `old__${name}`, arguments: given }, undefined, options);
const heldAs = async (what, mark) => {
    while (!(await call("held")).structuredContent[what].includes(mark)) await new Promise((r) => setTimeout(r, 10));
    return true;
};

const [command, ...args] = process.argv.slice(3);
const transport = new StdioClientTransport({ command, args, env: process.env });
await client.connect(transport);
seen.server = client.getServerVersion().name;
seen.tools = (await client.listTools()).tools.map((tool) => tool.name);
seen.large = (await call("big", { size: 2_000_000 })).content[0].text.length;
seen.asked = (await call("ask_user")).content[0].text;

const giveUp = new AbortController();
const held = call("hold", { mark: "ts" }, { signal: giveUp.signal }).catch(() => "given up");
await heldAs("begun", "ts");
giveUp.abort("enough");
seen.cancelled = [await held, await heldAs("given_up", "ts")];

await call("grow", { name: "late" });
seen.changed = await changed;
seen.unknown = await call("nope").then(() => "none", (error) => error.code);
await client.close();
console.log(JSON.stringify(seen));
