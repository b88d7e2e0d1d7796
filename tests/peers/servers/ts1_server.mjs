// A server of the TypeScript SDK 1.x: `node ts1_server.mjs NODE_MODULES stdio`, `... http PORT [--stateless]` (path
// /mcp), `... sse PORT` (path /sse). Over HTTP it is up once its port takes connections; on the loopback alone.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { flags, how, installed, port } from "./installed.mjs";
import { asked, offer, said } from "./offers.mjs";

const { z } = installed("zod");
const { McpServer, ResourceTemplate } = installed("@modelcontextprotocol/sdk/server/mcp.js");
const { completable } = installed("@modelcontextprotocol/sdk/server/completable.js");
const { StdioServerTransport } = installed("@modelcontextprotocol/sdk/server/stdio.js");
const { StreamableHTTPServerTransport } = installed("@modelcontextprotocol/sdk/server/streamableHttp.js");
const { SSEServerTransport } = installed("@modelcontextprotocol/sdk/server/sse.js");
const { EmptyResultSchema, ElicitResultSchema } = installed("@modelcontextprotocol/sdk/types.js");

const wire = {
    signal: (extra) => extra.signal,
    notify: (extra, notification) => extra.sendNotification(notification),
    progressToken: (extra) => extra._meta?.progressToken,
    announce: () => {}, // registerTool has said it.
    pingClient: (extra) => extra.sendRequest({ method: "ping" }, EmptyResultSchema),
    // Asked within the call: over HTTP, on its stream.
    askUser: async (_, extra) =>
        said.user(await extra.sendRequest({ method: "elicitation/create", params: asked.user }, ElicitResultSchema)),
    // Asked beside the call: over HTTP, on the stream of the session.
    sample: async (server) => said.model(await server.server.createMessage(asked.model)),
    listRoots: async (server) => said.roots(await server.server.listRoots()),
};

async function connected(transport) {
    const server = new McpServer({ name: "ts1", version: "1.2.3" });
    offer(server, { z, completable, ResourceTemplate }, wire);
    await server.connect(transport);
    return transport;
}

const sessions = new Map();

async function streamable(request, response) {
    const id = request.headers["mcp-session-id"];
    if (id !== undefined && !sessions.has(id)) {
        const error = { code: -32001, message: "Session not found" };
        return response.writeHead(404).end(JSON.stringify({ jsonrpc: "2.0", error, id: null }));
    }
    const transport = sessions.get(id) ?? (await connected(fresh()));
    await transport.handleRequest(request, response);
}

function fresh() {
    if (flags.includes("--stateless")) return new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    const onsessioninitialized = (id) => sessions.set(id, transport);
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, onsessioninitialized });
    return transport;
}

async function eventStream(request, response) {
    const url = new URL(request.url, "http://localhost");
    if (request.method === "GET" && url.pathname === "/sse") {
        const transport = new SSEServerTransport("/message", response);
        sessions.set(transport.sessionId, transport);
        return connected(transport);
    }
    const transport = sessions.get(url.searchParams.get("sessionId"));
    if (transport === undefined) return response.writeHead(404).end();
    return transport.handlePostMessage(request, response);
}

if (how === "stdio") await connected(new StdioServerTransport());
else createServer(how === "sse" ? eventStream : streamable).listen(Number(port), "127.0.0.1");
