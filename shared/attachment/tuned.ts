/** What the plugin tuning has changed, later in the list. It writes its changes of the MTU to no result, but keeps the former values. */

import type { Attachment } from '../cni/plugin.ts'
import { isObject, parseJson } from '../config/json.ts'
import { readOwnIfAny } from '../kernel/regular.ts'

/** The reference's default of its key `dataDir`, which we are not given; its files are named CONTAINERID_IFNAME.json. */
const directory = '/run/cni/tuning'

/** Whether tuning has changed a setting of the container's interface: `mtu`, `mac`, `promisc`, `txQLen`. */
export function isTuned({ containerID, ifname }: Attachment, setting: string): boolean {
  const text = readOwnIfAny(`${directory}/${containerID}_${ifname}.json`)?.toString()
  try {
    const former = parseJson(text ?? '{}', 'the file of tuning')
    return isObject(former) && Object.hasOwn(former, setting)
  } catch {
    return false
  }
}
