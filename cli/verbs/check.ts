/** `patchbay check`: asks the plugins of an attachment whether all is as they made it. */

import { attachmentKey } from '../../shared/cni/identity.ts'
import { plain } from '../../shared/error/log.ts'
import { check as checkBy, type Finding } from '../attach/detach.ts'
import { requireNetns } from '../attach/netns.ts'
import { attachmentFlags, attachmentWords, networkOf, placeIn, runnerFor } from '../attach/words.ts'
import type { Page } from '../form/page.ts'
import { wrapped } from '../form/table.ts'
import type { Verb } from '../form/verb.ts'

export const check: Verb = {
  summary: 'asks the plugins whether an attachment is as they made it',
  text: [
    "CHECK of each plugin, with the list and the result of libcni's cache: of what add, cnitool or a runtime has attached. Every plugin is asked, also after one that fails.",
  ],
  words: attachmentWords,
  flags: attachmentFlags,
  answers: true,
  example: { call: 'check mynet blue', does: 'is the interface of the namespace blue as it should be?' },
  run(call) {
    const { word, ...place } = placeIn(call)
    const target = { ...place, network: networkOf(word) }
    requireNetns(target.netns)
    const plugins = checkBy(target, runnerFor(call))
    const { network, containerID: container, ifname } = target
    return {
      data: { network, container, interface: ifname, plugins },
      text: (page) => textOf(attachmentKey(target), plugins, page),
      status: plugins.every(({ passes }) => passes) ? 0 : 1,
    }
  },
}

function textOf(key: string, plugins: readonly Finding[], page: Page): string {
  if (plugins.length === 0) return `${plain(key)}: the list says disableCheck, so nothing was asked`
  const lines = plugins.map(({ plugin, passes, problem = '', hint = '' }) => {
    const name = plain(plugin.slice(0, 50))
    if (passes) return `${page.paint('green', 'passes')}  ${name}`
    const why = wrapped(plain(`${problem}${hint && `; ${hint}`}`.slice(0, 1000)), page.width, '        ')
    return `${page.paint('red', 'fails')}   ${name}\n${why}`
  })
  return lines.join('\n')
}
