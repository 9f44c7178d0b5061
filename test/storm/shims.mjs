// The wrapper is a POSIX sh program: the commands that it calls are found first in the interpreter's folder. Each shim
// passes the call on, and where an order lies ready for this step, kills the wrapper or its supervisor before or after.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const TOOLS = ['ln', 'rm', 'cat', 'sleep']
const real = (name) => execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim()

/** Names of orders: `<tool>.<started|exit>.<what>`. */
export const ORDERS = ['ln', 'rm'].flatMap((tool) =>
  ['started', 'exit'].flatMap((step) =>
    ['wrapper-before', 'wrapper-after', 'supervisor-before', 'supervisor-after', 'slow'].map(
      (what) => `${tool}.${step}.${what}`,
    ),
  ),
)

export function writeShims(folder) {
  const rm = real('rm')
  const sleep = real('sleep')
  for (const tool of TOOLS) {
    const path = real(tool)
    const shim = `#!/bin/sh
last=
for last; do :; done
case "$last" in
  *started.json*) step=started ;;
  *exit.json*) step=exit ;;
  *) exec ${path} "$@" ;;
esac
ordered() {
  [ -e "$STORM_DIR/orders/${tool}.$step.$1" ] && ${rm} "$STORM_DIR/orders/${tool}.$step.$1" 2>/dev/null
}
note() {
  printf '{"kind":"%s","step":"%s ${tool} %s","pid":%s,"target":"%s","how":"step"}\\n' "$1" "$2" "$step.json" "$3" "$SPECWEAVE_RUN_DIR" \\
    >> "$STORM_DIR/kills.jsonl"
}
end_wrapper() { note wrapper "$1" $PPID; kill -9 $PPID; }
end_supervisor() {
  read -r stat < /proc/$PPID/stat || return
  set -- "$1" \${stat##*) }
  case "$(${real('tr')} '\\0' ' ' < /proc/$3/cmdline)" in
    *supervise*) note supervisor "$1" $3; kill -9 $3 ;;
  esac
}
ordered supervisor-before && end_supervisor "before wrapper's"
ordered slow && ${sleep} 4
ordered wrapper-before && end_wrapper before
${path} "$@"
code=$?
ordered wrapper-after && end_wrapper after
ordered supervisor-after && end_supervisor "after wrapper's"
exit $code
`
    writeFileSync(join(folder, tool), shim, { mode: 0o755 })
  }
}
