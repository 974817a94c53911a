/** The commands of changes, to be pasted into a shell: `$NETNS` is the container's namespace. */

import { CniError, Code } from '../../shared/error/error.ts'
import { quoted } from '../form/shell.ts'

/** Words that a shell takes as they are, and the two variables of commands. */
const harmless = /^(?:[\w./:=,@%+-]+|\$NETNS|\$\$)$/

/**
 * The commands of a change as one command for each; the requests of an nftables transaction are one command.
 * @param commands as the requests say them; those that only read are left out
 * @param netns the path of the container's namespace
 * @param inside whether the change is in the container's namespace
 */
export function commandsOf(commands: readonly string[], netns: string, inside: boolean): string[] {
  const changing = commands.filter((command) => !/^nft (list|get) /.test(command))
  const rules = changing.filter(isNft).map((command) => command.slice('nft '.length))
  const others = changing.filter((command) => !isNft(command)).map((command) => safe(command, netns))
  const prefix = inside ? 'nsenter --net=$NETNS ' : ''
  return [...others, ...transaction(rules)].map((command) => prefix + command)
}

/** A word that a request has quoted. A quote alone is none: it would change the meaning of all that follows. */
const inQuotes = /^'(?:[^']|'\\'')*'$/

const isNft = (command: string) => command.startsWith('nft ')

function transaction(rules: readonly string[]): string[] {
  const [only] = rules
  if (only === undefined) return []
  if (rules.length === 1) return [`nft ${quoted(only)}`]
  return [["nft -f - <<'EOF'", ...rules, 'EOF'].join('\n')]
}

/** A name may have characters that a shell does something with. Input for a program, as iptables-restore's, is none of the shell's. */
function safe(command: string, netns: string): string {
  const [line = '', ...input] = command.split('\n')
  const words = line.match(/'(?:[^']|'\\'')*'|\S+/g) ?? []
  const shown = words.map((word) => {
    if (inQuotes.test(word)) return word
    if (word === '<<EOF') return "<<'EOF'"
    const named = word.replaceAll(netns, '$NETNS')
    return harmless.test(named) ? named : quoted(word)
  })
  return [shown.join(' '), ...input].join('\n')
}

/** The requests have no other words for it. @throws CniError for a name that breaks the quotes in the words of a request */
export function requireQuotable(texts: readonly string[]): void {
  const broken = texts.find((text) => text.includes("'") && !/\s/.test(text))
  if (broken === undefined) return
  throw new CniError(Code.InvalidNetworkConfig, {
    msg: `no command can be written with ${JSON.stringify(broken.slice(0, 50))}: it has a quote`,
    hint: 'choose names of letters, digits, "-", "_" and "."',
  })
}
