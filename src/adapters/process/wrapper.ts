/**
 * The tiny POSIX sh program that stands between the supervisor and the user's command, so that the exit code is kept
 * whoever dies. Its arguments are positional and never interpolated:
 *
 *   sh -c PROGRAM specweave-run <run folder> <facts> <command> <argument>...
 *
 * `facts` are the members of started.json that the supervisor knows already. Its first act is started.json, by a hard
 * link: where that exists, another wrapper runs the command and this one leaves. Its last is exit.json, in the same way.
 * It holds the folder open, so that it finds it again where the workspace was moved meanwhile (Linux).
 * It catches TERM, INT and HUP, which are sent to the whole group, and goes on waiting for the command: caught signals
 * are reset in the command, so that it is ended by them and its code is recorded.
 */
export const WRAPPER_PROGRAM = `
dir=$1; facts=$2; shift 2
exec 9< "$dir"
trap : TERM INT HUP
once() {
  tmp="$dir/.$1.$$"
  printf '%s\\n' "$2" > "$tmp" || return 2
  if ln "$tmp" "$dir/$1" 2>/dev/null; then rm -f "$tmp"; return 0; fi
  if [ -e "$dir/$1" ]; then rm -f "$tmp"; return 1; fi
  if (set -C; cat "$tmp" > "$dir/$1") 2>/dev/null; then rm -f "$tmp"; return 0; fi
  rm -f "$tmp"; return 1
}
start=
if IFS= read -r stat 2>/dev/null < "/proc/$$/stat"; then
  set_start() { start=\${20}; }
  set_start \${stat##*) }
else
  start=$(ps -o lstart= -p $$)
fi
[ -e "$dir/stop.json" ] && exit 125
once started.json "{\\"pid\\":$$,\\"start_time\\":\\"$start\\",$facts}" || exit 125
"$@" 9<&-
code=$?
[ -d "/proc/$$/fd/9/" ] && dir="/proc/$$/fd/9"
try=0
until once exit.json "{\\"exit_code\\":$code}"; do
  [ -e "$dir/exit.json" ] && break
  try=$((try + 1)); [ $try -gt 600 ] && break
  sleep 1
done
exit $code
`
