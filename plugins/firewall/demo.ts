/** For the demo: the package of the iptables back end. */

export const packages = ({ backend }: { backend?: string }) => (backend === 'iptables' ? ['iptables'] : [])
