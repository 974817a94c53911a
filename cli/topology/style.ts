/** The colours and fonts of the picture: light, and dark where the reader's system is. */

/** Colours of networks, of middle brightness: they are read on white and on black. */
export const hues = [
  '#2f81f7',
  '#2da44e',
  '#d9722e',
  '#a56cc1',
  '#1b9e9e',
  '#d4569b',
  '#b8912b',
  '#e5534b',
] as const

const mono = 'font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace'

const fonts = [
  'text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;font-size:12px}',
  '.host{font-size:17px;font-weight:600}',
  '.name{font-size:15px;font-weight:600}',
  '.card{font-size:12.5px;font-weight:600}',
  `.mono{${mono};font-size:11.5px}`,
  `.port{${mono};font-size:10.5px;font-weight:600}`,
  `.small{${mono};font-size:10.5px}`,
  '.gone{stroke-dasharray:4 3}',
  'path{fill:none;stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round}',
  '.soft{fill-opacity:.13}',
].join('')

/** What differs between light and dark. */
function colours(
  page: string,
  panel: string,
  sheet: string,
  line: string,
  bus: string,
  ink: string,
  dim: string,
): string {
  return [
    `:root{background:${page}}.page{fill:${page}}`,
    `.panel{fill:${panel};stroke:${line}}`,
    `.sheet{fill:${sheet};stroke:${line}}`,
    `.pill{fill:${sheet};stroke:${line}}`,
    `.bus{stroke:${bus}}`,
    `text{fill:${ink}}`,
    `.dim{fill:${dim}}`,
  ].join('')
}

const light = colours('#ffffff', '#f6f8fa', '#ffffff', '#d0d7de', '#a8b1bb', '#1f2328', '#636c76')
const dark = colours('#0d1117', '#151b23', '#0d1117', '#30363d', '#4d5661', '#e6edf3', '#8d96a0')

/** Of each hue: its fill and its line. After the rest, so that they count more. */
const accents = hues
  .map((hue, at) => `.n${at} .fill,.n${at} .soft,.n${at} .port{fill:${hue}}.n${at} .line{stroke:${hue}}`)
  .join('')

const warnings = '.warn{fill:#d1242f}'

export const style = `${fonts}${light}${accents}${warnings}@media (prefers-color-scheme:dark){${dark}${accents}.warn{fill:#f85149}}`
