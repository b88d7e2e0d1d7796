// Lets Node 20 load the conformance suite: `node --import=./tests/peers/node20-shim.mjs …/conformance/dist/index.js`.
// The suite imports `globSync` from node:fs, which came with Node 22, for two commands that the tests do not use
// (tier-check, traceability). Node refuses a module that imports a name that is not there, so it is taken out here.
import { register } from 'node:module';

const hooks = `
  import { readFile } from 'node:fs/promises';

  export async function load(url, context, nextLoad) {
    const loaded = await nextLoad(url, context);
    if (!url.endsWith('/@modelcontextprotocol/conformance/dist/index.js')) return loaded;
    const source = await readFile(new URL(url), 'utf8');
    return { ...loaded, source: source.replace(/,?globSync as [A-Za-z_$][A-Za-z0-9_$]*/, '') };
  }
`;
register('data:text/javascript,' + encodeURIComponent(hooks), import.meta.url);
