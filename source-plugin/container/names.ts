/** Behind the name of a recording that is not finished. */
export const PART = '.part';

/** The name of a recording when it is finished. */
export const finished = (name: string): string => (name.endsWith(PART) ? name.slice(0, -PART.length) : name);
