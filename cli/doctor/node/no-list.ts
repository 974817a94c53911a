/** A node of Kubernetes without any network list: the most frequent reason of NotReady. */

import { word } from '../../form/shell.ts'
import { processesOf } from '../../host/processes.ts'
import type { Fault } from '../frame/fault.ts'
import { install } from '../frame/own-call.ts'
import { listDirectories } from './lists.ts'

/** Without a kubelet a runtime may be there for containers that need no network: Docker's, or a build's. */
export const noList: Fault = {
  id: 'no-list',
  title: 'the runtime of a Kubernetes node has no network list',
  severity: 'error',
  before: true,
  look: (view) => {
    const without = listDirectories(view).filter(({ lists }) =>
      lists.every(({ members }) => members.length === 0),
    )
    return without.flatMap(({ path, runtimes }) => {
      const waiting = runtimes.find(({ name, runs }) => runs && name !== 'podman')
      if (!waiting || processesOf(['kubelet']).length === 0) return []
      const [to = ''] = waiting.pluginDirectories.value
      return {
        subject: path,
        cause: `${waiting.name} says NetworkPluginNotReady, so the node is NotReady and no pod starts: install the cluster's network, which writes a list, or one of the examples`,
        evidence: [
          { where: path, value: 'no list that can be used' },
          { where: waiting.listDirectory.where, value: path },
        ],
        mend: [install(to, ` --conf kubernetes --conf-to ${word(path)}`)],
      }
    })
  },
}
