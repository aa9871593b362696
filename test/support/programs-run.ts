import { removePrograms, shareOfRun } from './programs.js';

/** Global set-up: each live test file needs the C programs, and gcc takes a second. */
export default function setup(): () => void {
  shareOfRun();
  return removePrograms;
}
