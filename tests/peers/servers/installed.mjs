// Finds the packages of ../package.json, which are installed elsewhere: the first argument names their node_modules.
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, ...rest] = process.argv.slice(2);
export const installed = createRequire(join(modules, "..", "package.json"));
export const [how, port, ...flags] = rest;
