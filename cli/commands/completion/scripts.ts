/** The scripts of `completion`. Each asks `__complete` with the words of the command line. */

const KUBECTL = `#!/bin/sh
# kubectl runs this file to complete "kubectl skycap": put it on the PATH as kubectl_complete-skycap.
exec kubectl skycap __complete "$@"
`;

const BASH = `# bash completion for kubectl-skycap
_kubectl_skycap() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      # No file names where no argument is a file.
      :4) compopt +o default 2>/dev/null ;;
      :*) ;;
      *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
    esac
  done < <(kubectl-skycap __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _kubectl_skycap kubectl-skycap
`;

const ZSH = `#compdef kubectl-skycap
_kubectl_skycap() {
  local -a candidates
  local line files=
  for line in "\${(@f)$(kubectl-skycap __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in :0) files=1 ;; :*) ;; *) candidates+=("\${line/$'\\t'/:}") ;; esac
  done
  if [[ -n "$files" ]]; then _files; else _describe 'kubectl-skycap' candidates; fi
}
compdef _kubectl_skycap kubectl-skycap
`;

export const SCRIPTS = { kubectl: KUBECTL, bash: BASH, zsh: ZSH } as const;
export type Shell = keyof typeof SCRIPTS;
