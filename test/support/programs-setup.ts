import { afterAll } from 'vitest';
import { removePrograms } from './programs.js';

// Not at the exit of the process: the runner may end its workers by a signal.
afterAll(removePrograms);
