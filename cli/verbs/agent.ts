/** `patchbay agent`: does for the networks of this host at once what else the next ADD would wait for. */

import { runAgent } from '#agent'
import { misuse } from '../form/arguments.ts'
import { type Level, levels, logOf } from '../form/service-log.ts'
import { type Call, lastOf, type Status, type Verb } from '../form/verb.ts'

const NET_D = '/etc/cni/net.d'
const STORE = '/etc/patchbay/store.json'
const SOCKET = 'unix:/run/patchbay/agent.sock'

export const agent: Verb = {
  summary: 'runs until SIGTERM: claims blocks ahead, gives empty ones back, follows peers',
  text: [
    'For networks whose addresses or peers are in a store (ipam of type pool, vxlan with peers: "store"). Without it an ADD that needs a block waits for the store, empty blocks do not go back, and no other host gets a single address of the blocks here.',
    'There is one on a host. SIGHUP has it look at everything again. Nothing of containers changes when it ends.',
  ],
  flags: {
    '--conf-dir': {
      ...{ takes: 'one', value: 'DIR', names: 'directory' },
      means: `The networks' configurations; may be given several times. Default: ${NET_D}.`,
    },
    '--store': {
      ...{ takes: 'one', value: 'FILE', names: 'file' },
      means: `The store of networks that name none. Default: ${STORE}.`,
    },
    '--metrics': {
      ...{ takes: 'one', value: 'PLACE' },
      means: `Where it serves /metrics, /healthz and /readyz: unix:/PATH, 127.0.0.1:PORT, or none. Default: ${SOCKET}.`,
    },
    '--empty-for': {
      ...{ takes: 'one', value: 'TIME' },
      means: 'How long a block is empty before it goes back, as 30s or 5m. Default: 5m.',
    },
    '--log-level': {
      ...{ takes: 'one', value: 'LEVEL', names: levels },
      means: 'What is written to standard error. Default: info.',
    },
  },
  example: { call: 'agent --log-level warning', does: 'claim blocks ahead, and serve metrics' },
  async run(call): Promise<Status> {
    await runAgent(optionsOf(call))
    return 0
  },
}

function optionsOf({ flags }: Pick<Call, 'flags'>) {
  const metrics = lastOf(flags, '--metrics') ?? SOCKET
  return {
    confs: flags.get('--conf-dir') ?? [NET_D],
    storeFile: lastOf(flags, '--store') ?? STORE,
    metrics: metrics === 'none' ? undefined : metrics,
    settings: { emptyFor: millisecondsOf('--empty-for', lastOf(flags, '--empty-for') ?? '5m'), beat: BEAT },
    log: logOf('agent', (lastOf(flags, '--log-level') ?? 'info') as Level),
  }
}

const BEAT = 600_000

const units: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 }

function millisecondsOf(flag: string, text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([smh])$/.exec(text) ?? []
  if (count === '') throw misuse(`${flag} ${JSON.stringify(text.slice(0, 50))}: write 30s, 5m or 1h`)
  return Number(count) * (units[unit] ?? 0)
}
