/** The words and flags by which verbs name an attachment. */

import { isObject, jsonIn } from '../../shared/config/json.ts'
import { networkName, validateContainerID, validateIfname } from '../../shared/config/names.ts'
import { CniError, Code } from '../../shared/error/error.ts'
import { noticeEndingSignals } from '../../shared/kernel/signals.ts'
import { misuse } from '../form/arguments.ts'
import { logLines } from '../form/log-lines.ts'
import { type Call, type Flags, lastOf, type Word } from '../form/verb.ts'
import type { Adding } from './attach.ts'
import { readList } from './list.ts'
import { containerIdOf, netnsPath } from './netns.ts'

export const networkWord: Word = {
  name: 'NETWORK',
  means:
    'The name of a list in /etc/cni/net.d (or $NETCONFPATH), or of a network of podman; or the path of a list, as ./my.conflist.',
  count: 'one',
  names: 'network',
}

export const attachmentWords: readonly Word[] = [
  networkWord,
  {
    name: 'NETNS',
    means: 'The network namespace: a name of ip netns, a path, or a process as pid:42.',
    count: 'one',
    names: 'namespace',
  },
]

export const attachmentFlags: Flags = {
  '--interface': {
    ...{ takes: 'one', short: 'i', value: 'IFNAME' },
    means: 'The interface in the container. Default: eth0.',
  },
  '--container': {
    takes: 'one',
    value: 'ID',
    means: "The container's ID. Default: the one that cnitool makes of the namespace's path.",
  },
}

/** What a runtime tells plugins of a container. */
export const callFlags: Flags = {
  '--args': { takes: 'many', value: 'KEY=VALUE', means: 'CNI_ARGS, as IP=10.1.0.5.' },
  '--capabilities': {
    takes: 'one',
    value: 'JSON',
    means:
      'Values of capabilities by their names: {"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}.',
  },
}

/** An attachment but for its network, whose name may be in a file. */
export interface Place {
  word: string
  containerID: string
  ifname: string
  netns: string
}

/** @throws CniError for names that are none */
export function placeIn({ words, flags }: Call): Place {
  const [word = '', netnsWord = ''] = words
  const netns = netnsPath(netnsWord)
  const ifname = lastOf(flags, '--interface') ?? 'eth0'
  const containerID = lastOf(flags, '--container') ?? containerIdOf(netns)
  validateIfname(ifname)
  validateContainerID(containerID)
  return { word, containerID, ifname, netns }
}

/** CNI_ARGS from words `KEY=VALUE`. @throws CniError */
export function argsIn({ flags }: Call): string {
  const pairs = flags.get('--args') ?? []
  const wrong = pairs.find((pair) => !/^[^=;]+=[^=;]+$/.test(pair))
  if (wrong !== undefined)
    throw misuse(`--args ${JSON.stringify(wrong.slice(0, 50))} is no KEY=VALUE`, 'as --args IP=10.1.0.5')
  return pairs.join(';')
}

/** The values for `runtimeConfig`. @throws CniError */
export function capabilitiesIn({ flags }: Call): Record<string, unknown> {
  const text = lastOf(flags, '--capabilities')
  const value = text === undefined ? {} : jsonIn(text)
  if (isObject(value)) return value
  throw misuse(
    '--capabilities is no JSON object',
    `as --capabilities '{"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}'`,
  )
}

/** Calls plugins for a verb. SIGINT and SIGTERM end it between two plugins, so that what was made is undone. */
export function runnerFor(call: Call): Adding {
  const isInterrupted = noticeEndingSignals()
  const goOn = () => {
    if (isInterrupted())
      throw new CniError(Code.Internal, {
        msg: 'interrupted',
        hint: 'what was made before the signal came is removed again',
      })
  }
  return { registry: call.plugins, log: (text) => logLines(text).forEach(call.err), goOn }
}

/** The name of a network that is named, or whose file is. @throws CniError */
export function networkOf(word: string): string {
  return word.includes('/') ? readList(word).network : networkName({ name: word })
}
