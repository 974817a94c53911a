/** The environment of a call: variables that are valid, nearly valid, or hostile. */

import fc from 'fast-check'

const odd = fc.oneof(
  fc.constantFrom(
    '',
    '/',
    '.',
    '..',
    '../x',
    'a/b',
    'a:b',
    ' ',
    '\n',
    '-',
    '_',
    '__proto__',
    'constructor',
    'é',
    '\u202e',
    'x'.repeat(16),
    'x'.repeat(300),
    'x'.repeat(100_000),
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map((text) => text.replaceAll('\0', '')),
)

const args = fc.oneof(
  fc.constantFrom(
    'MAC=02:00:00:00:00:01',
    'IP=10.61.0.9',
    'IP=10.61.0.9/24',
    'IgnoreUnknown=1;K8S_POD_NAME=x',
    'GATEWAY=10.61.0.1',
    'STICKY_KEY=a',
  ),
  fc.constantFrom(
    'x',
    '=',
    ';',
    'a=b=c',
    'IgnoreUnknown=maybe;x=y',
    'IP=',
    'IP=x',
    'MAC=x',
    'MAC=',
    'IP=10.61.0.9;IP=10.61.0.8',
    '__proto__=1',
    'IgnoreUnknown=1;__proto__=x',
    'STICKY_KEY=../x',
    'IP=10.61.0.9,fd00:61::9',
  ),
  odd,
)

/** Paths that are another namespace, or none. */
export const namespaces = fc.oneof(
  fc.constantFrom(
    '/run/netns/far',
    '/run/netns/none',
    '/proc/self/ns/net',
    '/proc/self/ns/mnt',
    '/dev/null',
    '/etc',
    '/etc/passwd',
    'c1',
  ),
  odd,
)

const values: Record<string, fc.Arbitrary<string>> = {
  CNI_ARGS: args,
  CNI_IFNAME: fc.oneof(fc.constantFrom('net1', 'lo', 'eth0', 'all', 'default', 'fifteen-letters'), odd),
  CNI_CONTAINERID: fc.oneof(fc.constantFrom('a', 'A-b_c.9'), odd),
  CNI_NETNS: namespaces,
  CNI_PATH: fc.oneof(
    fc.constantFrom(
      '/nowhere',
      '/etc:/dev',
      '/run/test/delegates',
      ':',
      '/run/test/delegates:/run/test/delegates',
    ),
    odd,
  ),
  CNI_NETNS_OVERRIDE: fc.constantFrom('1', 'true', 'x'),
  TRACEPARENT: odd,
}

/** One or two variables that differ from the usual, or are not set. */
export const environments: fc.Arbitrary<Record<string, string | null>> = fc
  .array(
    fc.constantFrom(...Object.keys(values)).chain((name) => {
      const value = fc.option(values[name] as fc.Arbitrary<string>, { freq: 9 })
      return fc.tuple(fc.constant(name), value)
    }),
    { minLength: 1, maxLength: 2 },
  )
  .map((pairs) => Object.fromEntries(pairs))
