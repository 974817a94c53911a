/** Reads Prometheus' text format as strictly as promtool: each metric with HELP and TYPE before it, no series twice, nothing else. */

export interface Series {
  name: string
  labels: Record<string, string>
  value: number
}

const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*"(?:,(?!\})|(?=\})))*\})? (\S+)$/
const label = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g

/** @throws when the text is not in the format */
export function seriesIn(text: string): Series[] {
  if (!text.endsWith('\n')) throw new Error('the last line has no end')
  const seen = new Set<string>()
  let current = ''
  return text
    .trimEnd()
    .split('\n')
    .flatMap((line, at, lines) => {
      const [, word, name = '', rest = ''] = /^# (HELP|TYPE) (\w+) (.+)$/.exec(line) ?? []
      if (word === 'HELP') return announced(seen, name, lines[at + 1])
      if (word === 'TYPE') {
        if (!/^(counter|gauge)$/.test(rest) || !lines[at - 1]?.startsWith(`# HELP ${name} `))
          throw wrong(line)
        if (rest === 'counter' && !name.endsWith('_total')) throw wrong(line)
        current = name
        return []
      }
      return [seriesOf(line, current, seen)]
    })
}

function announced(seen: Set<string>, name: string, next = ''): [] {
  if (seen.has(name) || !next.startsWith(`# TYPE ${name} `)) throw wrong(`HELP ${name}`)
  seen.add(name)
  return []
}

function seriesOf(line: string, current: string, seen: Set<string>): Series {
  const [, name = '', labels = '', number = ''] = sample.exec(line) ?? []
  const value = Number(number.replace('Inf', 'Infinity'))
  const id = `${name}${labels || '{}'}`
  if (name === '' || name !== current || Number.isNaN(value) || seen.has(id)) throw wrong(line)
  seen.add(id)
  const pairs = [...labels.matchAll(label)].map(([, key = '', text = '']) => [key, unescaped(text)])
  return { name, labels: Object.fromEntries(pairs), value }
}

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, one) => (one === 'n' ? '\n' : one))

const wrong = (line: string) => new Error(`not Prometheus' text format: ${line}`)
