// What a ; ends, unless it is in a text, a quoted name or a comment.
const TOKEN = /'(?:[^']|'')*'|`[^`]*`|--[^\n]*|;|[^'`;-]+|-/g;

/** @returns {string[]} the statements of an .sql file, without comments */
export function statementsOf(text) {
  const statements = [''];
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === ';') statements.push('');
    else if (!token.startsWith('--')) statements.push(statements.pop() + token);
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}
