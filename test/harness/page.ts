/** Commands of a documentation page: its fenced blocks, run by a shell. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { execa } from 'execa'
import { withoutBlocks } from './markdown.ts'

/** The lines of the blocks below a heading, block by block. */
export function blocksOf(page: string, heading: string): string[] {
  const section = sectionOf(page, heading)
  return [...section.matchAll(/^( *)```\n([\s\S]*?)\n *```$/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(`\n${indent}`, '\n').slice(indent.length),
  )
}

export interface HostBlock {
  /** Names of hosts. */
  on: string[]
  block: string
}

/** Blocks of commands that name their hosts, as "```sh node1 node2": those below a heading, with its subheadings. */
export function hostBlocksOf(page: string, heading: string): HostBlock[] {
  const blocks = codeBlocksIn(sectionOf(page, heading))
  return blocks.flatMap(({ info, block }) =>
    info.startsWith('sh ') ? [{ on: info.split(' ').slice(1), block }] : [],
  )
}

/** All blocks of a page. @returns what stands behind each one's fence, and its lines */
export function codeBlocksOf(page: string): { info: string; block: string }[] {
  return codeBlocksIn(textOf(page))
}

function codeBlocksIn(text: string): { info: string; block: string }[] {
  const blocks = text.matchAll(/^```([^\n]*)\n([\s\S]*?)\n```$/gm)
  return [...blocks].map(([, info = '', block = '']) => ({ info, block }))
}

/** Commands of the programs that stand in a page's sentences and tables. */
export function inlineCommandsOf(page: string, programs: readonly string[]): string[] {
  const sentences = withoutBlocks(textOf(page))
  const commands = [...sentences.matchAll(/`([^`\n]+)`/g)].map(([, command = '']) => command)
  return commands.filter((command) => programs.some((program) => command.startsWith(`${program} `)))
}

function textOf(page: string): string {
  return readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8')
}

/** All below a heading, up to the next one of its level or a higher one. */
function sectionOf(page: string, heading: string): string {
  const lines = textOf(page).split('\n')
  const from = lines.findIndex((line) => line.replace(/^##+ /, '') === heading && line !== heading)
  const level = lines[from]?.indexOf(' ')
  if (level === undefined) throw new Error(`${page} has no heading ${heading}`)
  const section = lines.slice(from + 1)
  const length = section.findIndex((line) => new RegExp(`^#{2,${level}} `).test(line))
  return section.slice(0, length < 0 ? undefined : length).join('\n')
}

/** Runs a block, with other names in the place of the page's. @returns all that it prints @throws when its last command fails */
export async function runBlock(block: string, names: Record<string, string>, cwd: string): Promise<string> {
  // At once: a replacement may contain another name, such as /tmp.
  const any = new RegExp(Object.keys(names).join('|').replaceAll('.', '\\.'), 'g')
  const script = block.replaceAll(any, (name) => names[name] ?? name)
  const { all } = await execa('bash', ['-c', script], { all: true, cwd })
  return all
}
