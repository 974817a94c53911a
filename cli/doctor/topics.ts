/** Which line of `status` a fault belongs to. */

export const topics = [
  'runtime',
  'lists',
  'plugins',
  'kernel',
  'firewall',
  'links',
  'state',
  'ranges',
  'leases',
  'attachments',
] as const

export type Topic = (typeof topics)[number]

/** The faults of each topic; those of `links` are all others. */
const faultsOf: Readonly<Partial<Record<Topic, readonly string[]>>> = {
  lists: [
    'damaged-list',
    'no-list',
    'duplicate-network',
    'several-lists',
    'version-too-new',
    'list-writable',
    'secret-readable',
    'store-key-readable',
  ],
  plugins: [
    ...[
      'plugin-elsewhere',
      'plugin-missing',
      'dangling-plugin',
      'plugin-not-executable',
      'plugin-architecture',
    ],
    ...['plugins-noexec', 'loopback-missing', 'shadowed-plugin', 'agent-missing', 'agent-stopped'],
  ],
  kernel: ['kind-missing', 'conntrack-full', 'neighbours-full'],
  firewall: [
    ...['forward-drop', 'bridge-drop', 'bridge-bypass', 'iptables-mixed', 'rules-missing', 'rule-orphan'],
    'route-localnet-off',
  ],
  state: [
    ...['state-read-only', 'state-full', 'damaged-record', 'damaged-cache-entry', 'nameless-address'],
    ...['files-of-the-future', 'records-of-former-boot', 'pool-file-damaged', 'claim-unanswered'],
  ],
  ranges: ['range-full', 'duplicate-address', 'block-disputed', 'address-unheld'],
  leases: ['leases-not-renewed', 'lease-expired', 'lease-overdue', 'reference-dhcp-runs'],
  attachments: ['ended-attachment', 'orphan-address', 'orphan-record'],
}

/** The topic of a fault, by its ID. */
export function topicOf(fault: string): Topic {
  return topics.find((topic) => faultsOf[topic]?.includes(fault)) ?? 'links'
}
