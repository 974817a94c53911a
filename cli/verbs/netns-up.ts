/** `patchbay netns up`: a namespace with a name, attached to networks. */

import { requireFree, type Wanted } from '../attach/attach.ts'
import { findList } from '../attach/list.ts'
import { cachedOf, isThere, type Upped, up } from '../attach/named.ts'
import { containerIdOf, pathOfName } from '../attach/netns.ts'
import { readRaw } from '../attach/text.ts'
import { networkWord, runnerFor } from '../attach/words.ts'
import { misuse } from '../form/arguments.ts'
import { table } from '../form/table.ts'
import type { Call, Verb } from '../form/verb.ts'
import { leftOutBy } from '../host/left-out.ts'

export const netnsUp: Verb = {
  summary: 'makes a network namespace with a name, and attaches it to networks',
  text: [
    'For programs that no container runtime starts: services of systemd, systemd-nspawn, QEMU. The namespace is one of ip netns, below /run/netns; its loopback is up. The networks become eth0, eth1 and so on, in the order of the words.',
    'What is there already stays, so it may be repeated, also after a boot. After a failure all that it made is removed again.',
  ],
  words: [
    { name: 'NAME', means: 'The name, as in ip netns.', count: 'one', names: 'namespace' },
    { ...networkWord, count: 'many' },
  ],
  flags: { '--dry-run': { takes: 'none', means: 'Say what would be made, and make nothing.' } },
  answers: true,
  example: { call: 'netns up blue mynet', does: 'a namespace blue with eth0 in mynet' },
  async run(call) {
    const [name = '', ...networks] = call.words
    const path = pathOfName(name)
    const wanted = await wantedIn(networks, path, call)
    const leftOut = leftOutBy(call)
    const earlier = cachedOf(path, containerIdOf(path), leftOut)
    const isDry = call.flags.has('--dry-run')
    const done = isDry ? planned(path, wanted, earlier) : await up(path, wanted, earlier, runnerFor(call))
    const attachments = done.map(({ result, ...one }) => ({
      ...one,
      addresses: readRaw(result).ips.map(({ address }) => address),
    }))
    const data = { name, namespace: path, container: containerIdOf(path), attachments }
    return {
      data,
      text: (page) =>
        table(
          page,
          [
            { title: 'INTERFACE', cell: (one) => one.interface },
            { title: 'NETWORK', cell: ({ network }) => network },
            { title: 'STATE', cell: ({ state }) => (isDry && state === 'added' ? 'would be added' : state) },
            { title: 'ADDRESSES', cell: ({ addresses }) => addresses.join(' ') },
          ],
          attachments,
        ),
    }
  },
}

async function wantedIn(networks: readonly string[], netns: string, call: Call): Promise<Wanted[]> {
  const search = { registry: call.plugins, leftOut: leftOutBy(call) }
  const wanted: Wanted[] = []
  for (const [index, word] of networks.entries()) {
    const list = await findList(word, search)
    if (wanted.some(({ network }) => network === list.network))
      throw misuse(`${list.network} is named twice`, 'a namespace is attached to a network once')
    const place = { network: list.network, containerID: containerIdOf(netns), netns, ifname: `eth${index}` }
    wanted.push({ ...place, list, args: '', capabilities: {} })
  }
  return wanted
}

function planned(path: string, wanted: readonly Wanted[], earlier: ReturnType<typeof cachedOf>): Upped[] {
  const isNew = !isThere(path)
  return wanted.map((one) => {
    const own = earlier.find(({ network, ifname }) => network === one.network && ifname === one.ifname)
    if (own && !isNew)
      return { network: one.network, interface: one.ifname, state: 'there', result: own.result ?? {} }
    if (!isNew) requireFree(one)
    return { network: one.network, interface: one.ifname, state: 'added', result: {} }
  })
}
