import { setTimeout as sleep } from 'node:timers/promises';
import { statementsOf } from './statements.mjs';

const POLL_MS = 20;

// The gateway answers with its stack; what it is about is the last cause.
function reasonOf({ errors = [] }) {
  const lines = errors.join('\n').split('\n');
  const causes = lines.filter((line) => line.startsWith('Caused by: '));
  return (causes.at(-1) ?? lines.at(-1) ?? 'no reason').replace(/^Caused by: [\w.$]+: /, '');
}

async function call(url, body) {
  const post = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const answer = await fetch(url, body === undefined ? {} : post);
  const content = await answer.json();
  if (!answer.ok) throw new Error(reasonOf(content));
  return content;
}

/** A session with Flink's SQL gateway (its REST API, version 3): tables and settings are the session's own. */
export class Session {
  #url;

  constructor(url) {
    this.#url = url;
  }

  /** @param {string} url of the gateway */
  static async open(url) {
    const { sessionHandle } = await call(`${url}/v3/sessions`, {});
    return new Session(`${url}/v3/sessions/${sessionHandle}`);
  }

  /**
   * Runs a statement. An INSERT has begun when this resolves, and goes on by itself.
   * @returns {Promise<unknown[][]>} the rows it gives
   */
  async run(statement) {
    const { operationHandle } = await call(`${this.#url}/statements`, { statement });
    const rows = [];
    for (let token = 0; ; ) {
      const page = await call(`${this.#url}/operations/${operationHandle}/result/${token}?rowFormat=JSON`);
      rows.push(...(page.results?.data ?? []).map(({ fields }) => fields));
      if (page.resultType === 'EOS') return rows;
      if (page.resultType === 'NOT_READY') await sleep(POLL_MS);
      else token++;
    }
  }

  /** Runs the statements of an .sql file, one after the other. */
  async runAll(text) {
    for (const statement of statementsOf(text)) {
      try {
        await this.run(statement);
      } catch (error) {
        throw new Error(`Flink refused ${statement.split('\n')[0]}: ${error.message}`);
      }
    }
  }
}
