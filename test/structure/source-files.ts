import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Made by the build from what is in schemas/. */
const GENERATED = ['schemas/accept.ts', 'filter-core/assembly/fields.ts', 'filter-core/assembly/templates.ts'];
const FOLDERS = ['bpf', 'native', 'schemas', 'filter-core', 'source-plugin', 'test'];

export interface SourceFile {
  /** Relative to the root of the repository. */
  readonly path: string;
  readonly folder: string;
  readonly text: string;
}

/** Every source file that a person wrote, of any language. */
export const SOURCES: readonly SourceFile[] = FOLDERS.flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|js|cc|c|h)$/.test(name))
    .map((name) => `${folder}/${name}`)
    .filter((path) => !GENERATED.includes(path))
    .map((path) => ({ path, folder, text: readFileSync(join(ROOT, path), 'utf8') })),
);

export const isScript = ({ path }: SourceFile): boolean => /\.(ts|mjs|js)$/.test(path);

/** The syntax tree of a TypeScript, AssemblyScript or JavaScript file. */
export function treeOf({ path, text }: SourceFile): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
}

/** All nodes below one, itself included. */
export function* nodesOf(node: ts.Node): Generator<ts.Node, void> {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  yield node;
  for (const child of children) yield* nodesOf(child);
}

/** What a script imports, statically or not, types included. */
export function importsOf(file: SourceFile): string[] {
  return [...nodesOf(treeOf(file))].flatMap((node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return literal(node.moduleSpecifier);
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      return literal(node.arguments[0]);
    if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return literal(node.argument.literal);
    return [];
  });
}

function literal(node: ts.Node | undefined): string[] {
  return node !== undefined && ts.isStringLiteral(node) ? [node.text] : [];
}

/** What a C or C++ file includes: the brackets or quotes too. */
export function includesOf({ text }: SourceFile): string[] {
  return [...text.matchAll(/^\s*#\s*include\s+([<"][^>"]+[>"])/gm)].map((match) => match[1] ?? '');
}

export interface NamedLength {
  readonly name: string;
  readonly lines: number;
}

/** Functions of a file with their lines, first to last. */
export function functionsOf(file: SourceFile): NamedLength[] {
  return isScript(file) ? scriptFunctions(file) : cFunctions(file);
}

function scriptFunctions(file: SourceFile): NamedLength[] {
  const tree = treeOf(file);
  const line = (position: number) => tree.getLineAndCharacterOfPosition(position).line;
  return [...nodesOf(tree)].filter(isFunction).map((node) => ({
    name: `${file.path}:${line(node.getStart()) + 1}`,
    lines: line(node.end) - line(node.getStart()) + 1,
  }));
}

// The body of a describe is a list of tests, no function that anybody reads as one.
function isFunction(node: ts.Node): boolean {
  if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return false;
  return !(ts.isArrowFunction(node) && ts.isCallExpression(node.parent) && isDescribe(node.parent));
}

function isDescribe(call: ts.CallExpression): boolean {
  return call.expression.getText().startsWith('describe');
}

/** In the formatting of this repository a function ends with the first brace in the first column. */
function cFunctions({ path, text }: SourceFile): NamedLength[] {
  const lines = text.split('\n');
  const found: NamedLength[] = [];
  let start = 0;
  lines.forEach((line, index) => {
    if (/^[A-Za-z].*\(/.test(line) && !line.endsWith(';')) start = index + 1;
    if (line === '}' && start > 0) found.push({ name: `${path}:${start}`, lines: index + 2 - start });
    if (line.startsWith('}')) start = 0;
  });
  return found;
}
