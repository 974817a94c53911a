/** firewall alone: what is refused, which back end is decided, what it warns of, and STATUS. */
// needs: nft ip, nft bridge

import * as assert from 'uvu/assert'
import { added, done, refused } from '../harness/attach.ts'
import { command } from '../harness/command.ts'
import { unchanged } from '../harness/expect.ts'
import { newContainer, privateHost } from '../harness/host.ts'
import { inContainer } from '../harness/look.ts'
import { call, executables } from '../harness/plugin.ts'
import { testRefusals } from '../harness/refusals.ts'
import { snapshot, snapshotOf } from '../harness/snapshot.ts'
import { test } from '../harness/test.ts'
import { clean, del, drop, type Keys, makeBridge, prepared, rules, section } from './firewall-prepared.ts'

await privateHost()
makeBridge()
test.before.each(clean)

testRefusals(
  [
    [{ backend: 'nft' }, 'backend', '"nftables"', '"firewalld"'],
    [{ ingressPolicy: 'none' }, 'ingressPolicy', '"same-bridge" or "isolated"'],
    [{ iptablesAdminChainName: 'A B' }, 'iptablesAdminChainName'],
    [{ iptablesAdminChainName: 'x\n-F' }, 'iptablesAdminChainName'],
    [{ iptablesAdminChainName: 'ACCEPT' }, 'iptablesAdminChainName is ACCEPT'],
    [{ firewalldZone: 'a b' }, 'firewalldZone'],
    [{ hostIngress: true }, 'hostIngress'],
    [{ acceptInto: 'inet filter' }, 'acceptInto'],
    [{ acceptInto: { table: 'filter', chain: 'forward' } }, 'acceptInto.table'],
    [{ acceptInto: { table: 'inet filter' } }, 'acceptInto.chain is missing'],
    [{ acceptInto: { table: 'inet filter', chain: 'forward' } }, 'there is no chain inet filter forward'],
    [{ ingressPolicyy: 'open' }, 'ingressPolicy'],
    [{ prevResult: undefined }, 'missing prevResult from earlier plugin'],
  ],
  async (keys) => {
    const { container, request } = prepared()
    return refused({ ...request, config: { ...request.config, ...keys } }, container)
  },
)

test('a chain with the hook input is refused without hostIngress, and a policy for an interface without an end on the host', async () => {
  command('nft', 'add table inet foreign; add chain inet foreign in { type filter hook input priority 0; }')
  const { container, request } = prepared({ acceptInto: { table: 'inet foreign', chain: 'in' } })
  assert.match((await refused(request, container)).said, 'set "hostIngress": "allow"')
  const other = newContainer()
  inContainer(other, 'link add eth0 type bridge')
  const config = { ...request.config, acceptInto: undefined, ingressPolicy: 'same-bridge' }
  const { code, said } = await refused({ ...request, netns: other.path, config }, other)
  assert.is(code, 7)
  assert.match(said, 'ingressPolicy same-bridge needs an interface with an end on the host')
})

test('the answer of ADD is prevResult, an empty text in a key is its default, and nothing is changed where nothing drops', async () => {
  const empty = { backend: '', ingressPolicy: '', iptablesAdminChainName: '', firewalldZone: '' }
  const { container, request } = prepared(empty)
  const look = () => [...snapshot(), ...snapshotOf(container.name)]
  const before = look()
  const answer = await call({ verb: 'ADD', ...request })
  assert.equal(answer, { status: 0, json: request.config.prevResult, stderr: '' })
  unchanged(before, look)
  assert.equal(await call({ verb: 'CHECK', ...request }), done)
  assert.equal(await del(request), done)
})

test('Nerdctl and Nomad read a version of 1.7.1 or newer on standard error', async () => {
  for (const engine of ['quickjs', 'node'] as const) {
    const said = command('sh', '-c', `${executables(engine)}/firewall 2>&1 >/dev/null </dev/null`)
    const [, major, minor] = /^CNI firewall plugin v(\d+)\.(\d+)\.\d+\+patchbay\.\S+$/m.exec(said) ?? []
    assert.ok(Number(major) === 1 && Number(minor) > 7, said)
  }
})

for (const kind of ['nft', 'legacy'])
  test(`iptables-${kind} is used when its FORWARD has policy DROP, and ADD says why`, async () => {
    drop(kind)
    const { request } = prepared()
    const { status, stderr } = await call({ verb: 'ADD', ...request })
    assert.is(status, 0)
    assert.match(
      stderr,
      `info: nftables: FORWARD of iptables-${kind} has policy DROP, and only iptables can open it`,
    )
    assert.match(command(`iptables-${kind}-save`), '-A CNI-FORWARD -s 10.60.0.2/32 -j ACCEPT')
    assert.match(command(`ip6tables-${kind}-save`), '-A CNI-FORWARD -s fd60::2/128 -j ACCEPT')
    assert.equal(await call({ verb: 'CHECK', ...request }), done)
    assert.equal(await del(request), done)
    assert.not.match(command(`iptables-${kind}-save`), 'CNI-')
  })

const closings: Record<string, { how: string; keys?: Keys; why: string }> = {
  'a policy of ip6tables alone': {
    how: 'ip6tables-nft -P FORWARD DROP',
    why: 'FORWARD of ip6tables-nft has policy DROP',
  },
  'a last rule that rejects': {
    how: 'iptables-nft -A FORWARD -j REJECT',
    why: 'FORWARD of iptables-nft has a rule that refuses all other packets',
  },
  'a last rule that drops, of iptables-legacy': {
    how: 'iptables-legacy -A FORWARD -j DROP',
    why: 'FORWARD of iptables-legacy has a rule that refuses all other packets',
  },
  'INPUT, with hostIngress': {
    how: 'iptables-nft -P INPUT DROP',
    keys: { hostIngress: 'allow' },
    why: 'INPUT of iptables-nft has policy DROP',
  },
}

for (const [what, { how, keys, why }] of Object.entries(closings))
  test(`ADD says in one line why nftables is rejected: ${what}; with a back end in the configuration it says nothing`, async () => {
    command('sh', '-c', how)
    const said = async (more: Keys) => {
      const { request } = prepared({ ...keys, ...more })
      const { status, stderr } = await call({ verb: 'ADD', ...request })
      assert.is(status, 0, stderr)
      assert.equal(await del(request), done)
      return stderr.split('\n')
    }
    const lines = await said({})
    assert.is(lines.length, 1)
    assert.match(lines[0] ?? '', `info: nftables: ${why}, and only iptables can open it`)
    assert.equal(await said({ backend: 'iptables' }), [''])
  })

test('a container with host ports is warned of FORWARD that drops, with the rule that lets other hosts in', async () => {
  drop()
  const { request } = prepared()
  const runtimeConfig = { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: 'tcp' }] }
  const portmap = { ...request, config: { ...request.config, type: 'portmap', runtimeConfig } }
  await added(portmap)
  const { stderr } = await call({ verb: 'ADD', ...request })
  assert.match(stderr, "warning: FORWARD drops what other hosts send to the container's host ports:")
  assert.match(stderr, 'iptables -I CNI-ADMIN -m conntrack --ctstate DNAT -j ACCEPT')
  for (const one of [request, portmap]) assert.equal(await del(one), done)
})

test('what ADD has accepted, CHECK accepts after FORWARD got policy DROP, and the next ADD opens it', async () => {
  const [one, other] = [prepared(), prepared({}, ['10.60.0.3/24'])]
  await added(one.request)
  drop()
  assert.equal(await call({ verb: 'CHECK', ...one.request }), done)
  await added(other.request)
  assert.match(rules(), '-s 10.60.0.3/32 -j ACCEPT')
  for (const { request } of [one, other]) assert.equal(await del(request), done)
  assert.not.match(rules(), 'CNI-')
})

test('what no rule of ours can open is warned of, with the keys that do; an empty acceptInto silences the warning', async () => {
  command(
    'nft',
    'add table inet foreign; add chain inet foreign fw { type filter hook forward priority 0; policy drop; }',
  )
  const said =
    'warning: chain fw of table inet foreign has policy drop, which no other table can open: write "acceptInto": {"table": "inet foreign", "chain": "fw"}'
  const { request } = prepared()
  assert.match((await call({ verb: 'ADD', ...request })).stderr, said)
  const status = await call({ verb: 'STATUS', config: section })
  assert.is(status.status, 0)
  assert.match(status.stderr, said)
  const silenced = await call({ verb: 'STATUS', config: { ...section, acceptInto: [] } })
  assert.equal(silenced, done)
  const opened = { ...section, acceptInto: [{ table: 'inet foreign', chain: 'fw' }] }
  assert.equal(await call({ verb: 'STATUS', config: opened }), done)
  assert.equal(await del(request), done)
})

test('a chain that ends in a rule that rejects is warned of, one of firewalld with its remedy; one that accepts is not', async () => {
  command(
    'nft',
    'add table inet firewalld; add chain inet firewalld filter_FORWARD { type filter hook forward priority 10; }',
  )
  command('nft', 'add rule inet firewalld filter_FORWARD ct state established accept')
  assert.equal(await call({ verb: 'STATUS', config: section }), done)
  command(
    'nft',
    'add rule inet firewalld filter_FORWARD counter log prefix "no: " reject with icmpx admin-prohibited',
  )
  const { status, stderr } = await call({ verb: 'STATUS', config: section })
  assert.is(status, 0)
  assert.match(stderr, 'has a rule that refuses all other packets')
  assert.match(stderr, 'write "backend": "firewalld"')
})

test('a chain in a table with a name of iptables is warned of, and opened; one of iptables itself is refused in acceptInto', async () => {
  command(
    'nft',
    'add table ip filter; add chain ip filter forward { type filter hook forward priority 0; policy drop; }',
  )
  const acceptInto = { table: 'ip filter', chain: 'forward' }
  const { stderr } = await call({ verb: 'STATUS', config: section })
  assert.match(stderr, 'write "acceptInto": {"table": "ip filter", "chain": "forward"}')
  assert.equal(await call({ verb: 'STATUS', config: { ...section, acceptInto } }), done)
  command('nft', 'flush ruleset')
  drop()
  const { container, request } = prepared({ acceptInto: { table: 'ip filter', chain: 'FORWARD' } })
  const { code, said } = await refused(request, container)
  assert.is(code, 7)
  assert.match(said, 'ip filter FORWARD is a chain of iptables')
})

test('INPUT that drops concerns hostIngress only', async () => {
  command(
    'nft',
    'add table ip foreign; add chain ip foreign in { type filter hook input priority 0; policy drop; }',
  )
  assert.equal(await call({ verb: 'STATUS', config: section }), done)
  const { stderr } = await call({ verb: 'STATUS', config: { ...section, hostIngress: 'allow' } })
  assert.match(stderr, 'chain in of table ip foreign has policy drop')
})

test('rules in both kinds of iptables are warned of', async () => {
  command(
    'sh',
    '-c',
    'iptables-legacy -A FORWARD -s 192.0.2.1 -j DROP; iptables-nft -A FORWARD -s 192.0.2.1 -j DROP',
  )
  const { status, stderr } = await call({ verb: 'STATUS', config: section })
  assert.is(status, 0)
  assert.match(stderr, 'iptables of both kinds, nft and legacy, have rules')
})

test('backend nftables where iptables drops: a warning, since it cannot work', async () => {
  drop()
  const { status, stderr } = await call({ verb: 'STATUS', config: { ...section, backend: 'nftables' } })
  assert.is(status, 0)
  assert.match(stderr, 'FORWARD of iptables-nft has policy DROP: leave "backend" out')
})

test('STATUS fails for a chain that is missing, as every ADD does, and not without configuration of one', async () => {
  const acceptInto = { table: 'inet foreign', chain: 'forward' }
  const { status, json } = await call({ verb: 'STATUS', config: { ...section, acceptInto } })
  assert.equal([status, json?.code], [1, 50])
  assert.match(String(json?.msg), 'there is no chain inet foreign forward')
})

/** Runs an action where the programs of iptables are not installed. */
async function withoutPrograms(names: string, action: () => Promise<void>): Promise<void> {
  const files = command('sh', '-c', `ls -d /usr/sbin/${names}* /sbin/${names}* 2>/dev/null | sort -u`).split(
    '\n',
  )
  const empty = '/run/test/nothing'
  command(
    'sh',
    '-c',
    `mkdir -p ${empty} /run/test/sbin && cp -a /usr/sbin/. /run/test/sbin && rm -f /run/test/sbin/${names}*`,
  )
  assert.ok(files.length > 0)
  const directories = ['/usr/sbin', '/sbin'].filter((path) => command('readlink', '-f', path).trim() === path)
  for (const path of directories) command('mount', '--bind', '/run/test/sbin', path)
  try {
    await action()
  } finally {
    for (const path of directories) command('umount', '-l', path)
  }
}

test('an IPv4 container needs no ip6tables; one with IPv6 addresses is told so, and nothing is left', async () => {
  drop()
  await withoutPrograms('ip6tables', async () => {
    const one = prepared({ ingressPolicy: 'same-bridge' }, ['10.60.0.2/24'])
    await added(one.request)
    assert.equal(await call({ verb: 'CHECK', ...one.request }), done)
    assert.equal(await del(one.request), done)
    const both = prepared()
    const { said } = await refused(both.request, both.container)
    assert.match(said, 'ip6tables')
  })
})

test('without iptables: where its FORWARD drops, ADD and STATUS say why neither back end works; DEL still removes the rules', async () => {
  drop()
  const { request } = prepared()
  await added(request)
  await withoutPrograms('ip', async () => {
    const other = prepared({}, ['10.60.0.9/24'])
    const { code, said } = await refused(other.request, other.container)
    assert.is(code, 50)
    assert.match(
      said,
      'no back end works: nftables: FORWARD of iptables-nft has policy DROP, and only iptables can open it; iptables: ',
    )
    assert.is((await call({ verb: 'STATUS', config: section })).json?.code, 50)
    assert.equal(await del(request), done)
  }).catch((error) => {
    throw error
  })
  assert.not.match(rules(), '10.60.0.2')
})

test.run()
