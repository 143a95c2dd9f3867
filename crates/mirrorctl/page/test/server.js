// A server of the page for tests and for the eye: dist/ under the real content security policy, and a scenario as the
// stream.
//
//   node test/server.js [PORT]        then open http://127.0.0.1:PORT/?SCENARIO
//
// The scenario is the query of the page's own address, from the Referer of the stream's request.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';

import { SCENARIOS, viewOf } from './scenarios.js';

export const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/assets/page.js': ['page.js', 'text/javascript; charset=utf-8'],
  '/assets/page.css': ['page.css', 'text/css; charset=utf-8'],
};

/** A server that is not listening yet. `every` is the milliseconds between views. */
export function server({ every = 2000, now = Date.now } = {}) {
  return createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://page');
    response.setHeader('content-security-policy', POLICY);
    response.setHeader('cache-control', 'no-store');
    const window = searchParams.get('window') ?? '5m';
    const scenario = scenarioOf(request, searchParams);
    if (FILES[pathname]) {
      const [name, type] = FILES[pathname];
      response.setHeader('content-type', type);
      response.end(await readFile(new URL(`../dist/${name}`, import.meta.url)));
    } else if (pathname === '/api/view') {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(viewOf(scenario, window, now())));
    } else if (pathname === '/api/events') {
      stream(response, (tick) => viewOf(scenario, window, now(), tick), every);
    } else {
      response.writeHead(404).end();
    }
  });
}

function scenarioOf(request, searchParams) {
  const asked = searchParams.get('scenario') ?? new URL(request.headers.referer ?? 'http://page/').search.slice(1);
  return Object.hasOwn(SCENARIOS, asked) ? asked : 'healthy';
}

function stream(response, view, every) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  let tick = 0;
  const send = () => {
    response.write(`event: view\ndata: ${JSON.stringify(view(tick))}\n\n`);
    tick += 1;
  };
  send();
  const timer = setInterval(send, every);
  response.on('close', () => clearInterval(timer));
}

if (import.meta.filename === process.argv[1] || import.meta.url === `file://${process.argv[1]}`) {
  const port = Number(process.argv[2] ?? 8099);
  server().listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}/?healthy of ${Object.keys(SCENARIOS).join(', ')}`));
}
