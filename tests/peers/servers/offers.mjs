// What the servers of the TypeScript SDKs offer: the same as tests/fixtures/sdk_server.py.
import { appendFileSync } from "node:fs";

const TOWNS = ["Tromsø", "Trondheim", "Oslo"];
const begun = [];
const givenUp = [];
const grown = new Set();

const text = (said) => ({ content: [{ type: "text", text: said }] });
const startingWith = (value) => TOWNS.filter((town) => town.startsWith(value));

// `sdk`: z, completable and ResourceTemplate. `wire` does what the two SDKs do by different names:
// signal(context), notify(context, notification), progressToken(context), pingClient(context), announce(server), and
// askUser, sample, listRoots, which are given the server and the context and return the result of a tool.
export function offer(server, sdk, wire) {
    offerTools(server, sdk.z, wire);
    offerTalks(server, sdk.z, wire);
    offerTexts(server, sdk);
    for (const name of grown) offerGrown(server, name);
}

function offerTools(server, z, wire) {
    const readOnly = { annotations: { readOnlyHint: true } };
    server.registerTool("echo", { inputSchema: { text: z.string() }, ...readOnly }, (asked) => text(asked.text));
    server.registerTool(
        "add",
        { inputSchema: { a: z.number(), b: z.number() }, outputSchema: { result: z.number() } },
        ({ a, b }) => ({ ...text(String(a + b)), structuredContent: { result: a + b } }),
    );
    server.registerTool("fail", { inputSchema: { reason: z.string() } }, ({ reason }) => {
        throw new Error(reason);
    });
    server.registerTool("slow", { inputSchema: { seconds: z.number() } }, async ({ seconds }) => {
        await new Promise((resolve) => setTimeout(resolve, seconds * 1000).unref());
        return text("done");
    });
    server.registerTool("hold", { inputSchema: { mark: z.string() } }, ({ mark }, context) => {
        begun.push(mark);
        return new Promise((_, reject) => {
            wire.signal(context).addEventListener("abort", () => {
                givenUp.push(mark);
                reject(new Error("given up"));
            });
        });
    });
    server.registerTool("held", { ...readOnly }, () => text(JSON.stringify({ begun, given_up: givenUp })));
    server.registerTool("note", { inputSchema: { file: z.string(), mark: z.string() } }, ({ file, mark }) => {
        appendFileSync(file, `${mark}\n`);
        return text(mark);
    });
    server.registerTool("grow", { inputSchema: { name: z.string() } }, ({ name }) => {
        grown.add(name);
        offerGrown(server, name);
        wire.announce(server);
        return text(name);
    });
    server.registerTool("die", {}, () => process.exit(3));
}

function offerGrown(server, name) {
    server.registerTool(name, {}, () => text(name));
}

// Tools that say or ask something within a call.
function offerTalks(server, z, wire) {
    server.registerTool("count", { inputSchema: { to: z.number() } }, async ({ to }, context) => {
        const progressToken = wire.progressToken(context);
        for (let step = 1; progressToken !== undefined && step <= to; step++) {
            const params = { progressToken, progress: step, total: to, message: `step ${step}` };
            await wire.notify(context, { method: "notifications/progress", params });
        }
        return text(String(to));
    });
    server.registerTool("ask_back", {}, async (context) => {
        await wire.pingClient(context);
        return text("answered");
    });
    server.registerTool("ask_user", {}, (context) => wire.askUser(server, context));
    server.registerTool("sample", {}, (context) => wire.sample(server, context));
    server.registerTool("list_roots", {}, (context) => wire.listRoots(server, context));
}

function offerTexts(server, { z, completable, ResourceTemplate }) {
    server.registerPrompt("greeting", { argsSchema: { name: completable(z.string(), startingWith) } }, ({ name }) => ({
        messages: [{ role: "user", content: { type: "text", text: `Say hello to ${name}.` } }],
    }));
    server.registerResource("first", "memo://first", {}, (uri) => ({
        contents: [{ uri: uri.href, text: "the first memo" }],
    }));
    const byTown = new ResourceTemplate("memo://by/{town}", { list: undefined, complete: { town: startingWith } });
    server.registerResource("memo", byTown, {}, (uri, { town }) => ({
        contents: [{ uri: uri.href, text: `a memo from ${town}` }],
    }));
}

// What the three answers of a client become.
export const said = {
    user: (answer) => text(answer.action === "accept" ? `hello ${answer.content.name}` : answer.action),
    model: (answer) => text(answer.content.text),
    roots: (answer) => text(answer.roots.map((root) => root.uri).join(" ")),
};

// What a client is asked.
export const asked = {
    user: {
        mode: "form",
        message: "What is your name?",
        requestedSchema: { type: "object", properties: { name: { type: "string" } }, required: ["name"] },
    },
    model: { messages: [{ role: "user", content: { type: "text", text: "Say something." } }], maxTokens: 10 },
};
