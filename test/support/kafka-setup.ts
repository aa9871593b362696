import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startShared, stopShared } from './kafka-servers.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where the run's main process hands out the shared broker and registry. */
    readonly kafka?: string;
  }
}

/** Global set-up: one broker and one registry for all test files of a run, started when the first file asks. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = createServer((_, response) => {
    startShared().then(
      (addresses) => response.end(JSON.stringify(addresses)),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  project.provide('kafka', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return async () => {
    server.close();
    await stopShared();
  };
}
