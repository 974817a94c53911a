/** Reads the settings of a TOML file (toml.io, 1.0) that are texts, numbers, truths, or lists of texts: all that runtimes have for CNI. */

export type Setting = string | number | boolean | string[]

/** A text in quotation marks of either kind; only the double ones have escapes. */
const text = /"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'/g

/** The values by table and key, with dots between: `plugins.io.containerd.grpc.v1.cri.cni.bin_dir`. What is none of these is left out. */
export function parseToml(source: string): Map<string, Setting> {
  const settings = new Map<string, Setting>()
  let table = ''
  for (const line of statements(source)) {
    const [, header] = /^\[([^[\]]+)\]$/.exec(line) ?? []
    if (header !== undefined) table = `${nameOf(header)}.`
    else if (line.startsWith('[[')) table = '[].'
    const at = line.indexOf('=')
    const value = header === undefined && at > 0 ? settingIn(line.slice(at + 1).trim()) : undefined
    if (value !== undefined) settings.set(`${table}${nameOf(line.slice(0, at))}`, value)
  }
  return settings
}

/** The lines without comments; a list over several lines is one. */
function statements(source: string): string[] {
  const found: string[] = []
  let open: string[] = []
  for (const raw of source.split('\n')) {
    const line = withoutComment(raw).trim()
    if (open.length > 0 || /=\s*\[/.test(line)) open.push(line)
    else if (line !== '') found.push(line)
    if (open.length > 0 && line.endsWith(']')) {
      found.push(open.join(' '))
      open = []
    }
  }
  return found
}

/** A `#` in a text is none. */
function withoutComment(line: string): string {
  if (!line.includes('#')) return line
  const hidden = line.replace(text, (found) => '.'.repeat(found.length))
  const at = hidden.indexOf('#')
  return at < 0 ? line : line.slice(0, at)
}

/** A key or a table: quotation marks around a part of it do not count. */
function nameOf(written: string): string {
  return written.replace(/["'\s]/g, '')
}

function settingIn(written: string): Setting | undefined {
  const texts = [...written.matchAll(text)].map(([, double, single]) => single ?? unescaped(double ?? ''))
  if (written.startsWith('[')) return texts
  if (/^["']/.test(written)) return texts[0]
  if (written === 'true' || written === 'false') return written === 'true'
  return /^[+-]?\d+$/.test(written) ? Number(written) : undefined
}

const unescaped = (double: string) => double.replace(/\\(["\\])/g, '$1')
