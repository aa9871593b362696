import { CONTAINERS } from './containers.js';
import { DATUMS } from './datums.js';
import { FILTERS } from './filters.js';
import type { Target } from './target.js';
import { WRITERS } from './writers.js';

/** What npm run fuzz fuzzes. */
export const TARGETS: readonly Target[] = [DATUMS, WRITERS, FILTERS, CONTAINERS];
