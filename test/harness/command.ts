/** Runs the tools that show the kernel's state, and parses their JSON. */

import { runAlone } from './program.ts'

/** A command that failed, with its output. */
export class CommandFailed extends Error {}

/** Runs a command to its end. @returns its standard output @throws CommandFailed */
export function command(file: string, ...args: string[]): string {
  const { status, stdout, stderr } = runAlone(file, args)
  if (status !== 0)
    throw new CommandFailed(`${[file, ...args].join(' ')}: status ${status}: ${stderr || stdout}`)
  return stdout
}

/** Whether a command succeeds. */
export function succeeds(file: string, ...args: string[]): boolean {
  return runAlone(file, args).status === 0
}

/** Runs `ip` with a line of arguments: `ip('link set eth0 up')`. */
export function ip(words: string): string {
  return command('ip', ...words.split(' '))
}

/** Runs `ip -j -d` and parses its output. `-n NAME` in front selects a namespace. */
export function ipJson<T>(words: string): T[] {
  return parseIp(command('ip', '-j', '-d', ...words.split(' ')))
}

/** The output of `ip -j`; without entries it is empty, or has empty objects. */
function parseIp<T>(answer: string): T[] {
  return answer.trim() === ''
    ? []
    : JSON.parse(answer).filter((entry: object) => Object.keys(entry).length > 0)
}
