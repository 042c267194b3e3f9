// Lints api/openapi.yaml with Redocly's engine (no command line around it: nothing here talks to the network), and
// validates every example against its schema. Exit code 1 with the findings when there are any.
import {fileURLToPath} from 'node:url';
import {createConfig, lint} from '@redocly/openapi-core';

const document = fileURLToPath(new URL('../../api/openapi.yaml', import.meta.url));
const config = await createConfig({
  extends: ['recommended-strict'],
  rules: {
    'info-license-url': 'off', // an SPDX identifier says it
    'info-license-strict': 'off',
    'operation-4xx-response': 'off', // health checks refuse nothing
    'no-server-example.com': 'error',
    'no-ambiguous-paths': 'error',
    'no-unresolved-refs': 'error',
    'no-unused-components': 'error',
    'no-invalid-media-type-examples': 'error',
    'no-invalid-schema-examples': 'error',
    'operation-operationId-unique': 'error',
    'operation-description': 'off',
    'tag-description': 'error',
  },
});
const findings = await lint({ref: document, config}).catch((error) => {
  console.error(`openapi: ${error.message}`); // not YAML, or a file that is not there
  process.exit(1);
});
for (const {ruleId, severity, message, location} of findings) {
  console.error(`${severity} ${ruleId} ${location[0]?.pointer ?? ''}: ${message}`);
}
console.log(findings.length === 0 ? 'openapi: clean' : `openapi: ${findings.length} findings`);
process.exitCode = findings.length === 0 ? 0 : 1;
