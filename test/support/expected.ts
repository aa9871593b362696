import { expect } from 'vitest';
import type { Accept } from '../../source-plugin/index.js';
import type { Truth } from '../workload/workload.js';
import { type Context, recordProblems } from './record-problems.js';

export { type Context, commText, inodeOf } from './record-problems.js';

/** Compares every field of a record with what other sources say about its accept. */
export function expectRecord(record: Accept, truth: Truth, context: Context): void {
  expect(recordProblems(record, truth, context)).toEqual([]);
}
