/** `patchbay topology`: a picture of the node in a terminal, as SVG, and as nodes and edges. */
// needs: nft ip, link macvlan
// packages: python3

import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import * as assert from 'uvu/assert'
import type { z } from 'zod'
import type { answer } from '../../cli/answers/topology.ts'
import { makeNode } from '../../scripts/pictures/node.ts'
import { rowsOf, runsIn, terminalPicture } from '../../scripts/pictures/terminal.ts'
import { ownEtc } from '../harness/etc.ts'
import { privateHost } from '../harness/host.ts'
import { answerOf, operate } from '../harness/operate.ts'
import { executables } from '../harness/plugin.ts'
import { test } from '../harness/test.ts'

await privateHost()
ownEtc('/etc/cni/net.d', '/etc/containers/networks')
await makeNode('seven', true)

const file = `${executables()}/patchbay`
const utf8 = { LANG: 'C.UTF-8' }
const cache = '/var/lib/cni/results'
const svg = (words = '') => operate(file, `topology --svg ${words}`.trim())

/** What a parser of XML finds: the names of elements and attributes, and the texts. @throws when it is not well-formed */
function parsed(xml: string): { names: string[]; texts: string[] } {
  const program = `
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
names = {name.split('}')[-1] for e in root.iter() for name in [e.tag, *e.keys()]}
print(json.dumps({'names': sorted(names), 'texts': [e.text for e in root.iter() if e.text and not e.tag.endswith('style')]}))`
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], { input: xml, encoding: 'utf8' })
  assert.is(status, 0, stderr)
  return JSON.parse(stdout)
}

/** All that the picture may have: nothing that runs or loads anything. */
const harmless = [
  ...['svg', 'title', 'style', 'rect', 'text', 'path', 'g', 'circle'],
  ...['viewBox', 'width', 'height', 'role', 'x', 'y', 'rx', 'class', 'd', 'transform', 'text-anchor'],
  ...['cx', 'cy', 'r', 'textLength', 'lengthAdjust', 'space'],
]

test('nodes and edges: containers are attached to networks, which are on links of the host', async () => {
  const { nodes, edges } = await answerOf<z.infer<typeof answer>>(file, 'topology')
  const ids = new Set(nodes.map(({ id }) => id))
  for (const { from, to } of edges) assert.ok(ids.has(from) && ids.has(to), `${from} ${to}`)
  assert.equal(
    edges.flatMap(({ kind, from, to }) => (kind === 'on' ? `${from} ${to}` : [])),
    ['network:lan link:eth0', 'network:pods link:cni0'],
  )
  const web = nodes.find((node) => node.kind === 'container' && node.pod === 'shop/web-0')
  const [edge] = edges.flatMap((one) => (one.kind === 'attachment' && one.from === web?.id ? one : []))
  assert.equal(edge?.addresses, ['10.244.1.2/24', 'fd00:10:244:1::2/64'])
  assert.equal(
    edge?.ports.map(({ hostPort }) => hostPort),
    [8080, 8443],
  )
  assert.is(nodes.filter(({ kind }) => kind === 'container').length, 8)
})

test('a terminal shows each network with its containers in boxes, and no line is wider than it', () => {
  const text = operate(file, 'topology', 0, utf8)
  assert.match(text, /╭─ pods ── bridge cni0 10\.244\.1\.1\/24 fd00:10:244:1::1\/64 ─+╮/)
  assert.match(text, /│ web-0 +eth0 │/)
  assert.match(text, '8080 → 80/tcp')
  assert.match(text, /│ ended +│/)
  assert.match(text, '3 networks, 8 containers, 1 of them ended')
  assert.ok(text.split('\n').every((line) => [...line].length <= 100))
  for (const columns of [24, 40, 80, 200]) {
    const line = `stty cols ${columns}; exec ${file} topology`
    const { stdout } = spawnSync('script', ['--quiet', '--return', '--command', line, '/dev/null'], {
      encoding: 'utf8',
      env: { ...process.env, ...utf8, TERM: 'xterm' },
    })
    const widths = stdout
      .split('\r\n')
      .map((shown) => runsIn(shown).reduce((sum, { text }) => sum + [...text].length, 0))
    assert.is(Math.max(...widths), columns)
  }
})

test('without UTF-8 in the locale it is ASCII, and one network alone is drawn', () => {
  const text = operate(file, 'topology pods', 0, { LC_ALL: 'C', LANG: 'C.UTF-8' })
  assert.match(text, /^\p{ASCII}*$/u)
  assert.match(text, /\+- pods -- bridge cni0/)
  assert.match(text, '8080 -> 80/tcp')
  assert.not.match(text, 'proxy-0')
  assert.match(operate(file, 'topology pod', 2), 'did you mean pods?')
})

test('the SVG is well-formed, has each container, and colours for light and dark', () => {
  const picture = svg()
  const { names, texts } = parsed(picture)
  assert.equal(
    names.filter((name) => !harmless.includes(name)),
    [],
  )
  for (const text of [
    'web-0',
    'proxy-0',
    'pods',
    'bridge cni0 10.244.1.1/24 fd00:10:244:1::1/64',
    '8080 → 80/tcp',
    'shop, ended',
  ])
    assert.ok(texts.includes(text), text)
  assert.ok(texts.some((text) => text.startsWith('kube-system/coredns-76f75df574-9nxbw, container ')))
  assert.match(picture, '@media (prefers-color-scheme:dark)')
  assert.is(svg(), picture)
})

test('no box of the SVG overlaps another one, or is outside of the picture', () => {
  const picture = svg()
  const [, width, height] = /viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(picture) ?? []
  const cards = picture.split('<g class="n').flatMap((panel) => {
    const [, x, y] = /translate\(([\d.]+) ([\d.]+)\)/.exec(panel) ?? []
    return [...panel.matchAll(/<svg x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="([\d.]+)"/g)].map(
      (found) => {
        const [left, top, wide, high] = found.slice(1).map(Number) as [number, number, number, number]
        return { left: left + Number(x), top: top + Number(y), wide, high }
      },
    )
  })
  assert.is(cards.length, 8)
  for (const [at, one] of cards.entries()) {
    assert.ok(one.left + one.wide < Number(width) && one.top + one.high < Number(height))
    for (const other of cards.slice(at + 1)) {
      const isBeside = one.left + one.wide <= other.left || other.left + other.wide <= one.left
      assert.ok(isBeside || one.top + one.high <= other.top || other.top + other.high <= one.top)
    }
  }
})

const hostile = `\u001b]0;t\u0007\u202e\ud800\uffff"'&]]></text><script>alert(1)</script>${'x'.repeat(1 << 16)}`

test('hostile names reach neither a terminal nor a browser as they are', () => {
  const [name = ''] = readdirSync(cache).filter((one) => one.startsWith('pods'))
  const entry = JSON.parse(readFileSync(`${cache}/${name}`, 'utf8'))
  const list = {
    cniVersion: '1.0.0',
    name: 'bad',
    plugins: [{ type: hostile, master: hostile }, { type: 'portmap' }],
  }
  const bad = {
    ...entry,
    ...{ networkName: 'bad', containerId: 'bad', ifName: '<&">', netns: '/run/netns/none' },
    config: Buffer.from(JSON.stringify(list)).toString('base64'),
    cniArgs: [
      ['K8S_POD_NAMESPACE', hostile],
      ['K8S_POD_NAME', hostile],
    ],
    capabilityArgs: { portMappings: [{ hostPort: 1, containerPort: 2, protocol: hostile, hostIP: hostile }] },
    result: { ips: [{ address: hostile }] },
  }
  writeFileSync(`${cache}/bad`, JSON.stringify(bad))
  const config = { cniVersion: '1.0.0', name: 'empty', plugins: [{ type: hostile }] }
  mkdirSync('/etc/cni/net.d', { recursive: true })
  writeFileSync('/etc/cni/net.d/bad.conflist', JSON.stringify(config))
  const picture = svg()
  const { names, texts } = parsed(picture)
  assert.equal(
    names.filter((each) => !harmless.includes(each)),
    [],
  )
  assert.ok(
    texts.some((text) => text.includes('</text><script>')),
    'it is a text',
  )
  assert.not.match(picture, /<script|\uffff/)
  for (const text of [picture, operate(file, 'topology', 0, utf8), operate(file, 'topology -o json')])
    assert.not.match(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
  assert.ok(picture.length < 40_000)
  for (const line of operate(file, 'topology', 0, utf8).split('\n')) assert.ok([...line].length <= 100, line)
  rmSync(`${cache}/bad`)
  rmSync('/etc/cni/net.d/bad.conflist')
})

test('a picture of a terminal has colours, exact columns and no harmful text', () => {
  assert.equal(runsIn('\u001b[1ma\u001b[0m b\u001b[K\u001b[31mc\r'), [
    { column: 0, text: 'a', style: 'bold' },
    { column: 1, text: ' b', style: undefined },
    { column: 3, text: 'c', style: 'red' },
  ])
  assert.equal(
    rowsOf(
      [
        { column: 0, text: 'ab' },
        { column: 2, text: 'cdefgh' },
      ],
      3,
    ),
    [
      [
        { column: 0, text: 'ab', style: undefined },
        { column: 2, text: 'c', style: undefined },
      ],
      [{ column: 0, text: 'def', style: undefined }],
      [{ column: 0, text: 'gh', style: undefined }],
    ],
  )
  const picture = terminalPicture(hostile, `\u001b[32m${hostile.slice(0, 60)}\u001b[0m\n  <b>`, 80)
  assert.equal(
    parsed(picture).names.filter((name) => !harmless.includes(name)),
    [],
  )
  assert.match(picture, 'class="green"')
})

test.run()
