/** Commands of a documentation page: its fenced blocks, run by a shell. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'

/** The lines of the blocks below a heading, block by block. */
export function blocksOf(page: string, heading: string): string[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8')
  const from = text.indexOf(`\n## ${heading}\n`)
  if (from < 0) throw new Error(`${page} has no heading ${heading}`)
  const section = text.slice(from + 1).split('\n## ')[0] ?? ''
  return [...section.matchAll(/^( *)```\n([\s\S]*?)\n *```$/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(`\n${indent}`, '\n').slice(indent.length),
  )
}

/** Runs a block, with other names in the place of the page's. @returns all that it prints @throws when its last command fails */
export async function runBlock(block: string, names: Record<string, string>, cwd: string): Promise<string> {
  // At once: a replacement may contain another name, such as /tmp.
  const any = new RegExp(Object.keys(names).join('|').replaceAll('.', '\\.'), 'g')
  const script = block.replaceAll(any, (name) => names[name] ?? name)
  const { all } = await execa('bash', ['-c', script], { all: true, cwd })
  return all
}
