/** bandwidth: what ADD, CHECK and STATUS refuse. */
// needs: link ifb, qdisc tbf, qdisc htb

import * as assert from 'uvu/assert'
import { done, errorOf } from '../harness/attach.ts'
import { succeeds } from '../harness/command.ts'
import { steady, unchanged } from '../harness/expect.ts'
import { privateHost } from '../harness/host.ts'
import { call } from '../harness/plugin.ts'
import { ended, hostEndOf, removeShaped, shaped, shapedContainer, verb } from '../harness/shaped.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { qdiscs, rootQdisc, tc } from '../harness/tc.ts'
import { test } from '../harness/test.ts'

await privateHost()

type Keys = Record<string, unknown>

const refusals: [Keys, number, string][] = [
  [{ ingressBurst: 8_000 }, 7, 'if burst is set, rate must also be set'],
  [{ egressBurst: 8_000, egressRate: 0 }, 7, 'if burst is set, rate must also be set'],
  [{ runtimeConfig: { bandwidth: { egressBurst: 8_000 } } }, 7, 'if burst is set, rate must also be set'],
  [{ ingressRate: 8_000, ingressBurst: 34_359_738_360 }, 7, 'burst cannot be more than 4GB'],
  [
    { egressRate: 440, shapedSubnets: ['10.0.0.0/8'] },
    7,
    'egressRate of 440 with subnets: its burst of 15140 bytes would last',
  ],
  [
    { ingressRate: 8_000, ingressBurst: 2_400_000, runtimeConfig: {}, unshapedSubnets: ['10.0.0.0/8'] },
    7,
    'ingressRate of 8000 with subnets: its burst of 300000 bytes would last',
  ],
  [{ egressRate: 7 }, 7, 'egressRate is 7, less than a byte per second'],
  [{ egressRate: -8 }, 7, 'egressRate'],
  [{ egressRate: '8M' }, 7, 'egressRate'],
  [
    { egressRate: 8_000, shapedSubnets: ['10.0.0.0/8'], unshapedSubnets: ['10.1.0.0/16'] },
    7,
    'cannot be both specified',
  ],
  [{ egressRate: 8_000, shapedSubnets: ['10.0.0.0'] }, 7, 'shapedSubnets[0]'],
  [{ egressRate: 8_000, unshapedSubnets: ['10.0.0.0/33'] }, 7, 'unshapedSubnets[0]'],
  [{ egressRate: 8_000, latency: 0 }, 7, 'latency'],
  [{ egressRate: 8_000, queue: 'fq' }, 7, 'queue'],
  [{ egressRate: 8_000, egress: 'host' }, 7, 'egress'],
  [{ egressRatio: 8_000 }, 7, 'did you mean egressRate?'],
  [{ prevResult: undefined }, 7, 'must be called as chained plugin'],
  [{ prevResult: undefined, egressRate: 8_000 }, 7, 'must be called as chained plugin'],
]

for (const [keys, code, said] of refusals)
  test(`refused with code ${code}: ${JSON.stringify(keys)}`, async () => {
    const { container, request } = shapedContainer(keys)
    const look = () => [...snapshot(), ...snapshotOf(container.name)]
    const before = look()
    const error = errorOf(await call({ ...request, verb: 'ADD' }))
    assert.is(error.code, code, error.said)
    assert.ok(error.said.includes(said), error.said)
    unchanged(before, look)
    removeShaped(container)
  })

test('CHECK without prevResult, and ADD without the interface, are refused', async () => {
  const { container, request } = shapedContainer({ egressRate: 8_000_000 })
  const { prevResult: _, ...bare } = request.config
  const check = errorOf(await call({ ...request, config: bare, verb: 'CHECK' }))
  assert.match(check.said, 'must be called as a chained plugin')
  const add = errorOf(await call({ ...request, ifname: 'eth9', verb: 'ADD' }))
  assert.equal([add.code, add.said.includes('the container has no interface eth9')], [4, true])
  removeShaped(container)
})

test('a second ADD, and one on an interface that is shaped already, are refused and change nothing', async () => {
  for (const keys of [
    { egressRate: 8_000_000 },
    { egressRate: 8_000_000, egress: 'ifb' },
    { ingressRate: 8_000_000, shapedSubnets: ['10.0.0.0/8'] },
  ]) {
    const made = await shaped(keys)
    const look = () => [
      ...snapshot(),
      ...snapshotOf(made.container.name),
      tc(`filter show dev ${hostEndOf(made.container)}`),
    ]
    const before = look()
    assert.match(errorOf(await verb('ADD', made)).said, 'run DEL first')
    unchanged(before, look)
    await ended(made)
  }
  const other = shapedContainer({ ingressRate: 8_000_000, egressRate: 8_000_000 })
  tc('qdisc add dev eth0 root handle 9: bfifo limit 50000', other.container)
  assert.match(errorOf(await verb('ADD', other)).said, 'eth0 has a qdisc already')
  assert.equal(qdiscs(hostEndOf(other.container)), [])
  assert.equal(await verb('DEL', other), done)
  assert.is(rootQdisc('eth0', other.container)?.handle, '9:')
  removeShaped(other.container)
})

test('STATUS succeeds where the kernel has what is needed, and changes nothing', async () => {
  const before = steady(snapshot)
  for (const keys of [
    {},
    { egressRate: 8_000_000, egress: 'ifb' },
    { egressRate: 8_000_000, shapedSubnets: ['10.0.0.0/8'] },
  ])
    assert.equal(
      await call({
        verb: 'STATUS',
        config: { type: 'bandwidth', name: 'net', cniVersion: '1.1.0', ...keys },
      }),
      done,
    )
  unchanged(before)
})

test('queue fq_codel: STATUS and ADD name the module that the kernel lacks; a list without a limit of its own gets a warning', async () => {
  const keys = { queue: 'fq_codel', egressRate: 8_000_000 }
  const config = { type: 'bandwidth', name: 'net', cniVersion: '1.1.0', ...keys }
  const isThere = succeeds('tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'fq_codel')
  if (isThere) tc('qdisc del dev lo root')
  const made = shapedContainer(keys)
  const [status, add] = [await call({ verb: 'STATUS', config }), await verb('ADD', made)]
  assert.equal([status.status, add.status], isThere ? [0, 0] : [1, 1])
  for (const answer of isThere ? [] : [status, add]) {
    assert.is(answer.json?.code, 50)
    assert.match(errorOf(answer).said, /this kernel has no fq_codel for[\s\S]*modprobe -a sch_fq_codel\)/)
  }
  const { egressRate: _, ...unlimited } = config
  const warned = await call({ verb: 'STATUS', config: unlimited })
  assert.equal([warned.status, warned.stderr.includes('has no fq_codel')], [0, !isThere])
  if (!isThere) assert.equal(qdiscs('eth0', made.container), [])
  await verb('DEL', made)
  removeShaped(made.container)
})

test.run()
