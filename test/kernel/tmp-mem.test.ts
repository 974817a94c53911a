// needs: link macvlan
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { attachmentHash } from '../../shared/cni/identity.ts'
import { bootClock } from '../../shared/kernel/clock.ts'
import { ip } from '../harness/command.ts'
import { startRenewer } from '../harness/dhcp-renewer.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { link } from '../harness/look.ts'
import { test } from '../harness/test.ts'

await privateHost()
test('memory', async () => {
  const c = newContainer()
  ip(`-n ${c.name} link add eth0 type veth peer name other`)
  ip(`-n ${c.name} link set eth0 up`)
  ip(`-n ${c.name} link set other up`)
  const { ifindex, address: mac } = link('eth0', c)
  const st = statSync(c.path, { bigint: true })
  mkdirSync('/run/patchbay/dhcp', { recursive: true })
  for (const n of [1, 1000]) {
    for (let i = 0; i < n; i++) {
      const attachment = { network: 'mynetwork', containerID: `${i}`.padStart(64, '0'), ifname: 'eth0' }
      const result = {
        ips: [{ address: `10.1.${i >> 8}.${i & 255}/16` }],
        routes: [],
        dns: { nameservers: ['10.1.0.1'], search: ['example.org'] },
      }
      const dev = st.dev
      const entry = {
        ...attachment,
        netns: c.path,
        namespace: `${dev >> 8n}:${dev & 255n}/${st.ino}`,
        boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
        ifindex,
        mac,
        client: {
          clientId: '00'.repeat(60),
          broadcast: false,
          request: [1, 3, 6, 121],
          provide: [],
          duid: '00'.repeat(18),
          iaid: 1,
        },
        rapidCommit: false,
        lease4: {
          since: bootClock(),
          renew: n === 1 ? 100 : 12,
          rebind: 14,
          expire: 600,
          address: result.ips[0]!.address,
          server: '10.1.0.1',
          routes: [],
          dns: {},
        },
        given: result,
        now: result,
      }
      writeFileSync(`/run/patchbay/dhcp/${attachmentHash(attachment)}.json`, JSON.stringify(entry))
    }
    const t = Date.now()
    const r = await startRenewer()
    console.log(n, 'ready ms', Date.now() - t, r.log().slice(0, 3))
    const show = (what: string) =>
      console.log(
        what,
        readFileSync(`/proc/${r.pid}/status`, 'utf8').match(/Vm(HWM|RSS).*|Threads.*/g),
        readFileSync(`/proc/${r.pid}/stat`, 'utf8').split(' ').slice(13, 15),
      )
    const cpu = () => show('')
    show('start')
    if (n > 1) {
      await wait(30000)
      show('after T1, T2 for all, unanswered')
      console.log(r.log().length, r.log().slice(-2))
    }
    await r.end()
  }
})
test.run()
