/** Draws what a terminal shows as SVG: text with the colours of SGR, in a window whose title is the command. The same text gives the same bytes. */

import { escaped } from '../../cli/topology/svg.ts'

/** Pixels: of a character in the font's size, and of what is around the text. */
const fontSize = 13
const charWidth = 7.83
const lineHeight = 15
const margin = 18
const barHeight = 34

/** SGR parameters (ECMA-48 section 8.3.117) that cli/form/page.ts writes, and their classes. */
const classes: Readonly<Record<string, string>> = {
  1: 'bold',
  2: 'dim',
  31: 'red',
  32: 'green',
  33: 'yellow',
  34: 'blue',
  36: 'cyan',
}

/** Text of one colour in one line. */
interface Run {
  column: number
  text: string
  style?: string
}

/** The parts of a line. A sequence that is no SGR, and other control characters, are left out. */
export function runsIn(line: string): Run[] {
  const [first = '', ...rest] = line.split('\u001b[')
  let column = 0
  let style: string | undefined
  const runs = [['', 'm', first] as const, ...rest.map(sequence)].map(([codes, command, text]) => {
    if (command === 'm') style = classes[codes]
    const run = { column, text, style }
    column += [...text].length
    return run
  })
  return runs.filter(({ text }) => text !== '')
}

/** A sequence without its beginning, and the text behind it. */
function sequence(part: string): [codes: string, command: string, text: string] {
  const [, codes = '', command = '', text = ''] = /^([^A-Za-z]*)([A-Za-z]?)(.*)$/s.exec(part) ?? []
  return [codes, command, text.replace(/\p{Cc}/gu, '')]
}

/** What is longer than the terminal is wide goes on in the next row. */
export function rowsOf(runs: readonly Run[], columns: number): Run[][] {
  const rows: Run[][] = [[]]
  for (const { column, text, style } of runs) {
    const characters = [...text]
    for (let at = 0; at < characters.length; ) {
      const [row, start] = [Math.floor((column + at) / columns), (column + at) % columns]
      const part = characters.slice(at, at + columns - start)
      rows[row] ??= []
      rows[row]?.push({ column: start, text: part.join(''), style })
      at += part.length
    }
  }
  return rows
}

/** @param title the command @param columns the terminal's width */
export function terminalPicture(title: string, output: string, columns: number): string {
  const lines = output
    .trimEnd()
    .split('\n')
    .map(runsIn)
    .flatMap((runs) => rowsOf(runs, columns))
  const width = Math.ceil(columns * charWidth + 2 * margin)
  const height = Math.ceil(barHeight + lines.length * lineHeight + 2 * margin - 8)
  const texts = lines.flatMap((runs, row) => runs.map((run) => textOf(run, row)))
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>${escaped(title)}</title>
<style>${style}</style>
<rect class="window" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="9"/>
<path class="bar" d="M0.5 ${barHeight}H${width - 0.5}"/>
${[0, 1, 2].map((dot) => `<circle class="dot" cx="${margin + dot * 18}" cy="${barHeight / 2}" r="5.5"/>`).join('')}
<text class="title" x="${width / 2}" y="${barHeight / 2 + 4.5}" text-anchor="middle">$ ${escaped(title)}</text>
${texts.filter(Boolean).join('\n')}
</svg>
`
}

/** As long as its columns in every font, so that the lines of boxes meet. */
function textOf({ column, text, style }: Run, row: number): string {
  const start = text.length - text.trimStart().length
  const shown = text.trim()
  if (shown === '') return ''
  const round = (value: number) => Math.round(value * 100) / 100
  const [x, y] = [margin + (column + start) * charWidth, barHeight + margin + row * lineHeight + 6]
  const length = round([...shown].length * charWidth)
  const styled = style ? ` class="${style}"` : ''
  return `<text${styled} xml:space="preserve" x="${round(x)}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs">${escaped(shown)}</text>`
}

function theme(
  window: string,
  line: string,
  ink: string,
  dim: string,
  colours: Readonly<Record<string, string>>,
): string {
  const names = Object.entries(colours).map(([name, colour]) => `.${name}{fill:${colour}}`)
  return `.window{fill:${window};stroke:${line}}.bar{stroke:${line}}.dot{fill:${line}}text{fill:${ink}}.dim,.title{fill:${dim}}${names.join('')}`
}

const light = theme('#ffffff', '#d0d7de', '#1f2328', '#636c76', {
  red: '#cf222e',
  green: '#1a7f37',
  yellow: '#9a6700',
  blue: '#0969da',
  cyan: '#1b7c83',
})
const dark = theme('#0d1117', '#30363d', '#e6edf3', '#8d96a0', {
  red: '#ff7b72',
  green: '#3fb950',
  yellow: '#d29922',
  blue: '#58a6ff',
  cyan: '#39c5cf',
})

const style = `text{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:${fontSize}px;white-space:pre}.bold{font-weight:700}${light}@media (prefers-color-scheme:dark){${dark}}`
