/** The scripts that shells load for completion. Each asks `patchbay complete` for each word, and has no list of its own. */

/** bash(1), "Programmable Completion". */
const bash = `_patchbay() {
  local word means cur=\${COMP_WORDS[COMP_CWORD]}
  [[ $cur == = ]] && cur=
  COMPREPLY=()
  while IFS=$'\\t' read -r word means; do
    case $word in
      :file) compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -f -- "$cur") ;;
      :directory) compopt -o filenames; mapfile -t -O "\${#COMPREPLY[@]}" COMPREPLY < <(compgen -d -- "$cur") ;;
      "$cur"*) COMPREPLY+=("$word") ;;
    esac
  done < <("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _patchbay patchbay`

/** zshcompsys(1). */
const zsh = `#compdef patchbay
_patchbay() {
  local word means
  local -a found
  while IFS=$'\\t' read -r word means; do
    case $word in
      :file) _files ;;
      :directory) _files -/ ;;
      *) found+=("\${word//:/\\\\:}:$means") ;;
    esac
  done < <("$words[1]" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( $#found )); then _describe patchbay found; fi
}
# Found by its name, this file is the function; read by source, it declares the function.
if [[ $funcstack[1] == _patchbay ]]; then _patchbay "$@"; else compdef _patchbay patchbay; fi`

/** complete(1) of fish. */
const fish = `function __patchbay_complete
  set -l words (commandline -opc)
  set -l last (commandline -ct)
  for line in ($words[1] complete -- $words[2..] "$last" 2>/dev/null)
    switch $line
      case ':file' ':directory'
        __fish_complete_path "$last"
      case '*'
        echo $line
    end
  end
end
complete -c patchbay -f -a '(__patchbay_complete)'`

/** The scripts by the names of the shells. */
export const scripts = { bash, zsh, fish }
