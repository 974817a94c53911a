/** What `patchbay help` prints. */

import type { Registry } from '../shared/cni/plugin.ts'
import { version } from '../shared/version.ts'

/** The verbs with their flags, and the names of the plugins. */
export function usage(plugins: Registry): string {
  return `usage: patchbay version | help | reapply | reconcile [FILE | DIRECTORY] | stay
       patchbay install [--to DIR] [--engine quickjs|node] [--replace] [--netavark[=DIR]]
                        [--conf NAME… [--conf-to DIR]] [--dry-run]
       patchbay gc [NETWORK] [--dry-run]
       patchbay install --check [--to DIR] | uninstall [--from DIR] [--dry-run]

install copies this executable to DIR (/opt/cni/bin) and makes a link for each plugin, also while plugins run.
It refuses to replace plugins of others; --replace keeps them, and uninstall puts them back. --netavark
makes links for podman 5, --conf writes networks of conf-examples to /etc/cni/net.d.

reapply restores the masquerade, host ports and other rules of live containers, after another program
has removed them from the firewall. reconcile changes the existing VTEPs of the networks in
/etc/cni/net.d to match their configurations. Both print what they do, and make no device.
gc deletes what containers that ended without DEL have left, such as addresses, host ports and rules. Containers are
known by the caches of runtimes and by the records of the plugins; one whose namespace lives, or is not known, keeps all.
stay waits for SIGTERM: the main container of a DaemonSet whose init container has installed the plugins.

Container network plugins in one executable (${version}). A container runtime calls it by any name that
contains a plugin's, as a link to this file or a copy: ${Object.keys(plugins).sort().join(', ')}
`
}
