/** containerd's configuration. */

/** What pods and containers run. */
export const image = 'patchbay.test/busybox:1'

/** Files that are no plugin's: snapshots do not show what is below /run/test. */
export const state = '/run/test/containerd'
export const socket = `${state}/containerd.sock`

/** What differs from the default. Some of it only this place needs: AppArmor and a higher OOM score may be refused here, and a busy machine's shims answer late. */
export function configuration(version: number): string {
  return version < 2 ? configuration1() : configuration2()
}

const top = `
root = "/var/lib/containerd"
state = "${state}/state"
[grpc]
  address = "${socket}"
[timeouts]
  "io.containerd.timeout.shim.load" = "1m"
  "io.containerd.timeout.shim.cleanup" = "1m"
  "io.containerd.timeout.shim.shutdown" = "1m"
  "io.containerd.timeout.task.state" = "1m"
`

function configuration1(): string {
  return `version = 2
${top}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${image}"
  disable_apparmor = true
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/opt/cni/bin"
`
}

function configuration2(): string {
  return `version = 3
${top}
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "${image}"
[plugins."io.containerd.cri.v1.runtime"]
  disable_apparmor = true
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["/opt/cni/bin"]
`
}
