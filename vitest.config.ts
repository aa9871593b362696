import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Not in the clone, which may be another user's when root runs the tests.
  cacheDir: join(tmpdir(), `acceptstream-vitest-${process.geteuid?.()}`),
  test: {
    watch: false,
    setupFiles: 'test/support/programs-setup.ts',
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/{live,peers,kafka}/**'],
          // What they test computes; the main process only waits.
          maxWorkers: '100%',
          testTimeout: 60_000,
        },
      },
      {
        extends: true,
        // Captures see each other's accepts: one file at a time, when the others have ended.
        test: {
          name: 'live',
          include: ['test/live/**/*.test.ts'],
          globalSetup: 'test/support/programs-run.ts',
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        // One broker and one registry serve all files; fault tests start brokers of their own, and mostly wait for them.
        test: {
          name: 'kafka',
          include: ['test/kafka/**/*.test.ts'],
          globalSetup: ['test/support/programs-run.ts', 'test/support/kafka-setup.ts'],
          maxWorkers: 3,
          testTimeout: 120_000,
          hookTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        // Other people's programs, fetched or built: npm run test:peers.
        test: {
          name: 'peers',
          include: ['test/peers/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
