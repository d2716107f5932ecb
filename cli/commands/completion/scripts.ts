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
    case "$line" in :*) ;; *) COMPREPLY+=("\${line%%$'\\t'*}") ;; esac
  done < <(kubectl-skycap __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _kubectl_skycap kubectl-skycap
`;

const ZSH = `#compdef kubectl-skycap
_kubectl_skycap() {
  local -a candidates
  local line
  for line in "\${(@f)$(kubectl-skycap __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    case "$line" in :*) ;; *) candidates+=("\${line/$'\\t'/:}") ;; esac
  done
  if (( \${#candidates} )); then _describe 'kubectl-skycap' candidates; else _files; fi
}
compdef _kubectl_skycap kubectl-skycap
`;

export const SCRIPTS = { kubectl: KUBECTL, bash: BASH, zsh: ZSH } as const;
export type Shell = keyof typeof SCRIPTS;
