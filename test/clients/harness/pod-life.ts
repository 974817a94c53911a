/** A pod's life on the list that the tests of containerd use. */

import { exampleNetwork } from '../../harness/networks.ts'
import type { Containerd } from './containerd.ts'
import type { Cri, Pod } from './cri.ts'

export const list = exampleNetwork('250-kubernetes.conflist')

/** host-local's records of the list. */
export const records = '/var/lib/cni/networks/kubernetes'

/** The end of busybox' ping. */
export const answered = '1 packets received'

/** A pod's life at once: what the node keeps from then on is there. */
export async function warmUp({ cri }: Containerd): Promise<void> {
  const pod = await cri.run({ name: 'warm', ports: [{ hostPort: 18099, containerPort: 80 }] })
  await end(cri, pod)
}

/** Stops and removes a pod. */
export async function end(cri: Cri, pod: Pod): Promise<void> {
  await cri.stop(pod)
  await cri.remove(pod)
}
