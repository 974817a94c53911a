/** Records of Patchbay below /run/patchbay. */

import { readDirectoryIfAny } from '../../../shared/kernel/files.ts'
import { stateDirectory } from '../../../shared/kernel/state-directory.ts'
import type { Fault } from '../frame/fault.ts'
import { hostOf } from '../frame/host.ts'
import { word } from '../frame/shell.ts'

export const damagedRecords: Fault = {
  id: 'damaged-record',
  title: 'a damaged record was set aside',
  severity: 'warning',
  look(view) {
    // Its reader sets a damaged record aside.
    hostOf(view)
    return filesBelow(stateDirectory)
      .filter((path) => path.endsWith('.damaged'))
      .map((path) => ({
        subject: path,
        cause:
          'what it recorded is unknown, so DEL and gc find only what the kernel tells of that attachment',
        evidence: [{ where: path, value: 'is not the JSON of a record' }],
        mend: [`rm ${word(path)}`],
      }))
  },
}

function filesBelow(directory: string): string[] {
  return readDirectoryIfAny(directory).flatMap(({ name, directory: isDirectory }) => {
    const path = `${directory}/${name}`
    return isDirectory ? filesBelow(path) : [path]
  })
}
