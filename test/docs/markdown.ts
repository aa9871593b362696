import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../', import.meta.url));
export const PAGES = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md'];

export const pageText = (page: string): string => readFileSync(join(ROOT, page), 'utf8');

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a page, in their order. */
export function blocksOf(page: string): Block[] {
  const blocks = [...pageText(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)];
  return blocks.map(([, language = '', text = '']) => ({ language, text }));
}

/** The page without its fenced blocks. */
export function proseOf(page: string): string {
  return pageText(page).replace(/^```\w*\n.*?^```$/gms, '');
}

/** Every line of the pages' command blocks, once. */
export function commands(): string[] {
  const lines = PAGES.flatMap(blocksOf)
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.trimEnd().split('\n'));
  return [...new Set(lines)];
}

/** The block that follows the one with this text. */
export function sampleBehind(command: string): string {
  const blocks = blocksOf('README.md');
  return blocks[blocks.findIndex(({ text }) => text === `${command}\n`) + 1]?.text ?? '';
}
