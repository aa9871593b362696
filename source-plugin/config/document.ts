import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, visit } from 'yaml';

/** One thing that is wrong with a configuration, at a line of its file (from 1). */
export interface Problem {
  readonly line: number;
  readonly message: string;
}

/** Keys and indexes from the root of a document. */
export type Path = readonly (string | number)[];

/** A YAML file as plain values that still know their lines. */
export class ConfigDocument {
  readonly problems: readonly Problem[];
  readonly #document;
  readonly #lines = new LineCounter();

  /** Puts values of `env` in place of ${NAME} in strings; a name that is not set is a problem. */
  constructor(text: string, env: Readonly<Record<string, string | undefined>>) {
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
    const unreadable = [...this.#document.errors, ...this.#document.warnings];
    this.problems = [
      ...unreadable.map(({ message, pos }) => ({ line: this.#lines.linePos(pos[0]).line, message })),
      ...this.#substitute(env),
    ];
  }

  values(): unknown {
    return this.#document.toJS() ?? {};
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

  #substitute(env: Readonly<Record<string, string | undefined>>): Problem[] {
    const problems: Problem[] = [];
    visit(this.#document, {
      Scalar: (_key, node) => {
        if (typeof node.value !== 'string') return;
        node.value = node.value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_whole, name: string) => {
          const line = this.#lines.linePos(node.range?.[0] ?? 0).line;
          if (env[name] === undefined) problems.push({ line, message: `the environment variable ${name} is not set` });
          return env[name] ?? '';
        });
      },
    });
    return problems;
  }
}

function keyOf(pair: Pair): string {
  return String(isScalar(pair.key) ? pair.key.value : pair.key);
}
