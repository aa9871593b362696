import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, type Scalar, visit } from 'yaml';

/** One thing that is wrong with a configuration, at a line of its file (from 1). */
export interface Problem {
  readonly line: number;
  readonly message: string;
}

/** Keys and indexes from the root of a document. */
export type Path = readonly (string | number)[];

type Environment = Readonly<Record<string, string | undefined>>;

/** More of them help nobody. */
export const MAX_PROBLEMS = 100;
/** Each is looked up in the whole file, and a few of aliases make values without end. */
const MAX_ALIASES = 100;
/** Behind this error of the YAML parser the values are still what was meant. */
const HARMLESS = 'DUPLICATE_KEY';
const IN_WORDS: Readonly<Record<string, string>> = {
  DUPLICATE_KEY: 'this key is here twice',
  MULTIPLE_DOCS: 'a second document: a file holds one',
};

/** A YAML file as plain values that still know their lines. */
export class ConfigDocument {
  readonly problems: readonly Problem[];
  /** Not given when the file is no YAML, of which `problems` tells. */
  readonly values: unknown;
  readonly #document;
  readonly #lines = new LineCounter();
  readonly #rows: readonly string[];

  /**
   * Puts values of `env` in place of ${NAME} in strings that are no keys; a name that is not set is a problem. Throws
   * what the parser throws at a text that is out to exhaust it.
   */
  constructor(text: string, env: Environment) {
    this.#rows = text.split('\n');
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, logLevel: 'error' });
    const { errors, warnings } = this.#document;
    const unreadable = [...errors, ...warnings]
      .slice(0, MAX_PROBLEMS)
      .map(({ code, message, pos }) =>
        this.#problem(pos[0], (IN_WORDS[code] ?? wordsOf(message)) + this.#hint(pos[0])),
      );
    const { problems, unresolved } = this.#resolve(env);
    this.problems = [...unreadable, ...problems];
    if (errors.every(({ code }) => code === HARMLESS) && unresolved === 0) this.values = this.#document.toJS() ?? {};
  }

  /** The line of the key at `path`, else of what holds it. */
  lineOf(path: Path): number {
    for (let depth = path.length; depth > 0; depth--) {
      const offset = this.#offsetOf(path.slice(0, depth));
      if (offset !== undefined) return this.#lines.linePos(offset).line;
    }
    return 1;
  }

  #offsetOf(path: Path): number | undefined {
    const holder = path.length > 1 ? this.#document.getIn(path.slice(0, -1), true) : this.#document.contents;
    const key = path.at(-1);
    const pair = isMap(holder) ? holder.items.find((item) => keyOf(item) === String(key)) : undefined;
    const node = (pair?.key ?? this.#document.getIn(path, true)) as Node | undefined;
    return node?.range?.[0];
  }

  #problem(offset: number, message: string): Problem {
    return { line: this.#lines.linePos(offset).line, message };
  }

  // In [ ] and { } YAML takes the brace of ${NAME} for a map.
  #hint(offset: number): string {
    const row = this.#rows[this.#lines.linePos(offset).line - 1] ?? '';
    return /[[{,:]\s*\$\{/.test(row) ? `; in [ ] and { } write "\${NAME}" in quotes` : '';
  }

  #resolve(env: Environment): { readonly problems: Problem[]; readonly unresolved: number } {
    const problems: Problem[] = [];
    let aliases = 0;
    let unresolved = 0;
    visit(this.#document, {
      Scalar: (key, node) => {
        if (key !== 'key') problems.push(...this.#substitute(node, env));
      },
      Alias: (_key, node, ancestors) => {
        if (++aliases > MAX_ALIASES) throw new Error(`more than ${MAX_ALIASES} aliases`);
        const target = node.resolve(this.#document);
        if (target !== undefined && !ancestors.includes(target)) return;
        unresolved++;
        const what = target === undefined ? 'nothing: no anchor before it has its name' : 'what it is in';
        problems.push(this.#problem(node.range?.[0] ?? 0, `this alias stands for ${what}`));
      },
    });
    return { problems, unresolved };
  }

  #substitute(node: Scalar, env: Environment): Problem[] {
    if (typeof node.value !== 'string') return [];
    const missing: string[] = [];
    node.value = node.value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_whole, name: string) => {
      if (env[name] === undefined) missing.push(name);
      return env[name] ?? '';
    });
    return missing.map((name) => this.#problem(node.range?.[0] ?? 0, `the environment variable ${name} is not set`));
  }
}

// What follows is a piece of the text, which may be a password.
function wordsOf(message: string): string {
  return message.replace(/(?<=\S): .*$|(?<=escape sequence) .*$/s, '');
}

function keyOf(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key);
}
