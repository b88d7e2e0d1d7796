// A server of the TypeScript SDK 2.x, which speaks both eras: `node ts2_server.mjs NODE_MODULES stdio` or
// `... http PORT [--stateless] [--modern]` (path /mcp). Stateless: legacy clients get no session. Modern: they are
// refused. Over HTTP it is up once its port takes connections; on the loopback alone.
import { randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { flags, how, installed, port } from "./installed.mjs";
import { asked, offer, said } from "./offers.mjs";

const { z } = installed("zod");
const { McpServer, ResourceTemplate, completable, createMcpHandler, inputRequired, isLegacyRequest } = installed(
    "@modelcontextprotocol/server",
);
const { serveStdio } = installed("@modelcontextprotocol/server/stdio");
const { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } = installed("@modelcontextprotocol/node");

// Asks the client once, and reads the answer when the tool is called again with it.
const once = (request, read) => (_, context) => {
    const answer = context.mcpReq.inputResponses?.answer;
    return answer === undefined ? inputRequired({ inputRequests: { answer: request } }) : read(answer);
};

let publish = () => {}; // To those who listen, where one server object does not serve them all.

const wire = {
    signal: (context) => context.mcpReq.signal,
    notify: (context, notification) => context.mcpReq.notify(notification),
    progressToken: (context) => context.mcpReq._meta?.progressToken,
    announce: () => publish(),
    pingClient: (context) => context.mcpReq.send({ method: "ping" }),
    askUser: once(inputRequired.elicit(asked.user), said.user),
    sample: once(inputRequired.createMessage(asked.model), said.model),
    listRoots: once(inputRequired.listRoots(), said.roots),
};

function made() {
    const server = new McpServer({ name: "ts2", version: "1.2.3" });
    offer(server, { z, completable, ResourceTemplate }, wire);
    return server;
}

const sessions = new Map();

async function legacy(request, response, body) {
    const id = request.headers["mcp-session-id"];
    if (id !== undefined && !sessions.has(id)) {
        const error = { code: -32001, message: "Session not found" };
        return response.writeHead(404).end(JSON.stringify({ jsonrpc: "2.0", error, id: null }));
    }
    let transport = sessions.get(id);
    if (transport === undefined) {
        const onsessioninitialized = (fresh) => sessions.set(fresh, transport);
        transport = new NodeStreamableHTTPServerTransport({ sessionIdGenerator: randomUUID, onsessioninitialized });
        await made().connect(transport);
    }
    await transport.handleRequest(request, response, body);
}

async function parsed(request) {
    if (request.method !== "POST") return undefined;
    const parts = [];
    for await (const part of request) parts.push(part);
    return JSON.parse(Buffer.concat(parts).toString());
}

if (how === "stdio") {
    serveStdio(made);
} else {
    const stateless = flags.includes("--stateless");
    const handler = createMcpHandler(made, { legacy: stateless ? "stateless" : "reject" });
    publish = () => handler.notify.toolsChanged();
    const serve = toNodeHandler(handler);
    const both = async (request, response) => {
        const body = await parsed(request);
        const isLegacy = await isLegacyRequest(await toWebRequest(request, body), body);
        await (isLegacy ? legacy : serve)(request, response, body);
    };
    const listener = stateless || flags.includes("--modern") ? serve : both;
    createServer(listener).listen(Number(port), "127.0.0.1");
}
