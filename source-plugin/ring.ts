/** Bytes of ring that hold 90 to 180 ms of a million accepts a second. */
export const DEFAULT_RING_BYTES = 8 * 1024 * 1024;
