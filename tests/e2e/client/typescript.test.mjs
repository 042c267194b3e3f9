// A client that public packages generate from the served documents: it compiles strictly, and buys something.
import assert from 'node:assert/strict';
import {copyFileSync, symlinkSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, test} from 'node:test';
import {fileURLToPath, pathToFileURL} from 'node:url';
import openapiTS, {astToString} from 'openapi-typescript';
import ts from 'typescript';
import {exchange} from '../support/http.mjs';
import {adminToken, Server, temporaryFolder} from '../support/server.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const server = await Server.start();
after(() => server.stop());

const options = {
  strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: false,
  target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'], types: [],
};

for (const path of ['/openapi-3.0.json', '/openapi.json']) {
  test(`a TypeScript client made from ${path} compiles and runs a purchase`, async () => {
    const folder = temporaryFolder();
    symlinkSync(join(here, '..', 'node_modules'), join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
    const served = await exchange(server.port, {path});
    assert.equal(served.status, 200);
    writeFileSync(join(folder, 'florin.d.ts'), astToString(await openapiTS(served.json)));
    copyFileSync(join(here, 'purchase.ts'), join(folder, 'purchase.ts'));

    const program = ts.createProgram([join(folder, 'purchase.ts')], {...options, outDir: folder});
    const emitted = program.emit();
    const problems = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics];
    assert.equal(ts.formatDiagnostics(problems, {getCanonicalFileName: (name) => name, getNewLine: () => '\n',
      getCurrentDirectory: () => folder}), '');

    const {purchase} = await import(pathToFileURL(join(folder, 'purchase.js')));
    assert.deepEqual(await purchase(`http://127.0.0.1:${server.port}/sandbox`, adminToken),
      {newBalance: '75.00', refundedAt: null, refusedWith: 'ORDER_NOT_FOUND', balance: '75.00'});
  });
}
