/** The text that a plugin prints when it is run without CNI_COMMAND: by a person, or by a program that parses the first line. */

import { pluginVersion } from '../version.ts'
import type { Plugin } from './plugin.ts'
import { newest, versions } from './version.ts'

export function usage({ name, summary }: Plugin): string {
  return `CNI ${name} plugin ${pluginVersion}
CNI protocol versions supported: ${versions.join(', ')}

${summary}

A container runtime runs it, with CNI_COMMAND and the other CNI variables in the environment and a network
configuration on standard input. To run it by hand (as root, with a namespace for the test):

    ip netns add demo
    echo '{ "cniVersion": "${newest}", "name": "demo", "type": "${name}" }' |
        CNI_COMMAND=ADD CNI_CONTAINERID=demo CNI_NETNS=/run/netns/demo CNI_IFNAME=eth0 CNI_PATH=$PWD ./${name}`
}
