/** What a failed test shows besides its assertion: the last calls of plugins, a line that repeats each, and the kernel's view. */

import { spawnSync } from 'node:child_process'

/** A call of a plugin or of cnitool as it was made. */
export interface Made {
  file: string
  args: readonly string[]
  env: Record<string, string | undefined>
  /** Standard input, or the network that cnitool read. */
  input: string
}

interface Ended extends Made {
  status: number | undefined
  stdout: string
  stderr: string
}

const SHOWN_CALLS = 3
let calls: Ended[] = []

/** Remembers a call for the explanation of the test that made it. */
export function remember(made: Made, end: Pick<Ended, 'status' | 'stdout' | 'stderr'>): void {
  calls.push({ ...made, ...end })
  calls = calls.slice(-SHOWN_CALLS)
}

/** Runs a test; when it fails, the explanation is written to standard error. */
export async function explain(test: () => unknown): Promise<void> {
  calls = []
  try {
    await test()
  } catch (error) {
    if (calls.length > 0) console.error(`\n${[...calls.map(story), ...views()].join('\n')}\n`)
    throw error
  }
}

function story(call: Ended): string {
  const { status, stdout, stderr } = call
  const ends = [`status: ${status}`, `stdout: ${stdout.trim()}`, `stderr: ${stderr.trim()}`]
  return ['call:', ...[byHand(call), ...ends].map((line) => `  ${line.replaceAll('\n', '\n  ')}`)].join('\n')
}

/** Shell commands that make the call again, in a new network namespace where it had one. */
export function byHand({ file, args, env, input }: Made): string {
  const variables = Object.entries(env).filter(([name, value]) => value && name !== 'PATH')
  const call = [
    ...variables.map(([name, value]) => `${name}=${quoted(value ?? '')}`),
    file,
    ...args.map(quoted),
  ]
  const netns = netnsOf({ env, args })
  const folder = env.NETCONFPATH
  return [
    ...(netns ? [`ip netns add ${netns.slice('/run/netns/'.length)}`] : []),
    ...(folder ? [`mkdir -p ${folder}`, `echo ${quoted(input)} > ${folder}/network.conflist`] : []),
    folder ? `env ${call.join(' ')}` : `echo ${quoted(input)} | env ${call.join(' ')}`,
  ].join('; ')
}

/** The namespace of a call: cnitool has it as its third argument. */
function netnsOf({ env, args }: Pick<Made, 'env' | 'args'>): string | undefined {
  return [env.CNI_NETNS, args[2]].find((path) => path?.startsWith('/run/netns/'))
}

function quoted(word: string): string {
  return /^[\w./:=,@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

/** Links, addresses and routes of the host, and of the namespaces that the calls named. */
function views(): string[] {
  const inside = new Set(calls.map(netnsOf).filter((path) => path !== undefined))
  return [undefined, ...inside].map((netns) => {
    const enter = netns ? ['nsenter', `--net=${netns}`] : ['env']
    const show = 'ip -d link; ip -br address; ip route; ip -6 route'
    const [file = '', ...args] = [...enter, 'sh', '-c', show]
    return `the kernel in ${netns ?? 'the host’s namespace'}:\n${spawnSync(file, args, { encoding: 'utf8' }).stdout}`
  })
}
