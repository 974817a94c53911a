/**
 * The keys of network configurations that are known in the field, by their origin: the plugin or project that documents or
 * sends them. Loaded only for an unknown key: a plugin without a use for a key of this list warns, and goes on.
 * Patchbay's own keys are in its schemas.
 */

/** Separated by spaces; those of the section `ipam` have it in front. The plugins without a project are the reference's. */
export const fieldKeys: Readonly<Record<string, string>> = {
  // CNI's SPEC.md and libcni: keys of a list, in a configuration of a single plugin.
  libcni: 'cniVersions disableCheck disableGC loadOnlyInlinedPlugins plugins',

  bridge: `bridge isGateway isDefaultGateway forceAddress ipMasq ipMasqBackend mtu hairpinMode promiscMode vlan vlanTrunk
    preserveDefaultVlan macspoofchk enabledad disableContainerInterface portIsolation`,
  ipvlan: 'master mode mtu linkInContainer',
  macvlan: 'master mode mtu mac linkInContainer bcqueuelen',
  ptp: 'ipMasq ipMasqBackend mtu',
  vlan: 'master vlanId mtu linkInContainer',
  'host-device': 'device hwaddr kernelpath pciBusID DPDKMode',
  tap: 'multiQueue mtu mac owner group selinuxContext bridge',
  tuning: 'sysctl mac promisc mtu txQLen allmulti dataDir',
  portmap: 'backend snat masqAll markMasqBit externalSetMarkChain conditionsV4 conditionsV6',
  bandwidth: 'ingressRate ingressBurst egressRate egressBurst shapedSubnets unshapedSubnets',
  sbr: 'table gateways addSourceHints',
  firewall: 'backend iptablesAdminChainName firewalldZone ingressPolicy',
  vrf: 'vrfname table',
  'host-local': `ipam.ranges ipam.subnet ipam.rangeStart ipam.rangeEnd ipam.gateway ipam.routes ipam.resolvConf
    ipam.dataDir`,
  static: 'ipam.addresses ipam.routes ipam.dns',
  dhcp: 'ipam.daemonSocketPath ipam.provide ipam.request ipam.priority',

  // Adds ipMasq and mtu to any delegate, isGateway to a bridge (flannel_linux.go).
  flannel: 'ipMasq mtu isGateway subnetFile dataDir delegate',
  // Adds deviceID and pciBusID to the first plugin of an attachment with a device resource (pkg/types/conf.go).
  Multus: `deviceID pciBusID confDir cniDir binDir delegates clusterNetwork defaultNetworks kubeconfig logFile logLevel
    logToStderr logOptions readinessindicatorfile namespaceIsolation globalNamespaces systemNamespaces multusNamespace
    retryDeleteOnError`,
  'bond-cni': 'ifname mode linksInContainer failOverMac miimon links mtu',
  'macvtap-cni': 'deviceID mtu promiscMode owner group',
  // Its guide for macvtap has promiscMode, too.
  'kube-ovn': `server_socket provider routes deviceID vf_driver vhost_user_socket_volume_name vhost_user_socket_name
    vhost_user_socket_consumption promiscMode ipam.server_socket ipam.provider`,
  'sriov-cni': `DPDKMode master mac vlan vlanQoS vlanProto deviceID min_tx_rate max_tx_rate spoofchk trust link_state
    vlan_trunk logLevel logFile`,
  'ovs-cni': `bridge vlan mtu trunk deviceID ofport_request interface_type configuration_path socket_file
    link_state_check_retries link_state_check_interval mirrors`,
  'ovn-kubernetes': 'deviceID logFile logLevel netAttachDefName topology role subnets excludeSubnets vlanID',
  'route-override': 'flushroutes flushgateway delroutes addroutes skipcheck',
  // Its type of host-local's section spells resolvConf so (pkg/netutil/cni_plugin_unix.go).
  nerdctl: 'ipam.resolveConf',
  whereabouts: `ipam.name ipam.datastore ipam.range ipam.range_start ipam.range_end ipam.exclude ipam.gateway ipam.addresses
    ipam.ipRanges ipam.etcd_host ipam.etcd_username ipam.etcd_password ipam.etcd_key_file ipam.etcd_cert_file
    ipam.etcd_ca_cert_file ipam.log_file ipam.log_level ipam.enable_overlapping_ranges ipam.kubernetes
    ipam.configuration_path ipam.network_name ipam.node_slice_size ipam.leader_lease_duration
    ipam.leader_renew_deadline ipam.leader_retry_period`,
  spiderpool: `ipam.log_level ipam.log_file_path ipam.log_file_max_size ipam.log_file_max_age ipam.log_file_max_count
    ipam.default_ipv4_ippool ipam.default_ipv6_ippool ipam.clean_gateway ipam.ipam_unix_socket_path ipam.match_master_subnet`,
  calico: `mtu num_queues nodename nodename_file nodename_file_optional ipam_lock_file datastore_type etcd_endpoints
    etcd_discovery_srv etcd_scheme etcd_key_file etcd_cert_file etcd_ca_cert_file log_level log_file_path
    log_file_max_size log_file_max_age log_file_max_count policy kubernetes feature_control container_settings
    include_default_routes dataplane_options readiness_gates policy_setup_timeout_seconds endpoint_status_dir
    ipam.assign_ipv4 ipam.assign_ipv6 ipam.ipv4_pools ipam.ipv6_pools`,
}

let origins: ReadonlyMap<string, readonly string[]> | undefined

/** Who knows a key: the origins, in the order of the list; empty for a key that nothing in the list has. @param path as in `ipam.range`, in any case */
export function originsInField(path: string): readonly string[] {
  origins ??= byKey()
  return origins.get(path.toLowerCase()) ?? []
}

function byKey(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const [origin, keys] of Object.entries(fieldKeys))
    for (const key of keys.toLowerCase().split(/\s+/)) found.set(key, [...(found.get(key) ?? []), origin])
  return found
}
