export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

// Each script asks the program that is being typed, by its hidden command, and turns the answer into what the shell wants:
// a line per candidate, value and description with a tab between them, and before them a line on what the shell itself is
// to complete. Whatever goes wrong says nothing.

const bash = String.raw`# bash completion of stet: source <(stet completion bash)
_stet() {
  local cur="${'$'}{COMP_WORDS[COMP_CWORD]}" line files=none
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :*) files="${'$'}{line#:}" ;;
      *) COMPREPLY+=("$(printf '%q' "${'$'}{line%%$'\t'*}")") ;;
    esac
  done < <("${'$'}{COMP_WORDS[0]}" __complete bash -- "${'$'}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  [[ "$cur" == '=' ]] && cur=''
  case "$files" in
    files | directories)
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen "$([[ $files == files ]] && echo -f || echo -d)" -- "$cur")
      ;;
  esac
}
complete -F _stet stet
`;

const zsh = String.raw`#compdef stet
# zsh completion of stet: stet completion zsh > a directory of $fpath, as _stet; or source <(stet completion zsh)
_stet() {
  local line files=none
  local -a candidates
  while IFS= read -r line; do
    case "$line" in
      :*) files="${'$'}{line#:}" ;;
      *) candidates+=("${'$'}{${'$'}{line%%$'\t'*}//:/\\:}:${'$'}{line#*$'\t'}") ;;
    esac
  done < <("${'$'}{words[1]}" __complete zsh -- "${'$'}{(@Q)words[2,CURRENT]}" 2>/dev/null)
  [[ "$PREFIX" == --*=* ]] && compset -P '*='
  case "$files" in
    files) _files ;;
    directories) _files -/ ;;
    *) _describe -V stet candidates ;;
  esac
}
if [[ "${'$'}{funcstack[1]}" == _stet ]]; then _stet "$@"; else compdef _stet stet; fi
`;

const fish = String.raw`# fish completion of stet: stet completion fish > ~/.config/fish/completions/stet.fish
function __stet_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    set -l program $words[1]
    set -e words[1]
    for line in ($program __complete fish -- $words "$current" 2>/dev/null)
        switch $line
            case ':files'
                set -l before (string match -r -- '^--[^=]*=' "$current")
                printf "$before%s\n" (__fish_complete_path (string replace -r -- '^--[^=]*=' '' "$current"))
            case ':directories'
                set -l before (string match -r -- '^--[^=]*=' "$current")
                printf "$before%s\n" (__fish_complete_directories (string replace -r -- '^--[^=]*=' '' "$current"))
            case ':*'
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -k -c stet -f -a '(__stet_complete)'
`;

export const completionScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };
