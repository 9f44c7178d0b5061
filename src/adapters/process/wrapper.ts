/**
 * The tiny POSIX sh program that stands between the supervisor and the user's command, so that the exit code is kept
 * whoever dies. Its arguments are positional and never interpolated:
 *
 *   sh -c PROGRAM specweave-run <run folder> <facts> <command> <argument>...
 *
 * `facts` are the members of started.json that the supervisor knows already. Its first act is started.json, by a hard
 * link: where that exists, another wrapper runs the command and this one leaves. Its last is exit.json, in the same way.
 * Where there is no room for one of them it tries again each second, for as long as the run's folder exists.
 * It holds the folder open, so that it finds it again where the workspace was moved meanwhile (Linux).
 * It catches TERM, INT and HUP, which are sent to the whole group, and goes on waiting for the command: caught signals
 * are reset in the command, so that it is ended by them and its code is recorded.
 *
 * The temporary names are left to whoever writes the end: removing them here would cost each run two more processes.
 *
 * `once NAME TEXT` answers 0 where it made the file, 1 where it was there, 2 where it could not be written.
 */
export const WRAPPER_PROGRAM = `
dir=$1; facts=$2; shift 2
exec 9< "$dir"
[ -d "/proc/$$/fd/9/" ] && dir="/proc/$$/fd/9"
trap : TERM INT HUP
once() {
  tmp="$dir/.$1.$$"
  if ! printf '%s\\n' "$2" 2>/dev/null > "$tmp"; then rm -f "$tmp"; return 2; fi
  if ln "$tmp" "$dir/$1" 2>/dev/null; then return 0; fi
  if [ -e "$dir/$1" ]; then rm -f "$tmp"; return 1; fi
  if (set -C; : > "$dir/$1") 2>/dev/null; then
    if cat "$tmp" > "$dir/$1" 2>/dev/null; then rm -f "$tmp"; return 0; fi
    rm -f "$dir/$1"
  fi
  rm -f "$tmp"; return 2
}
gone() {
  case $(readlink "/proc/$$/fd/9" 2>/dev/null) in
    *' (deleted)') return 0 ;;
    '') [ ! -d "$dir" ] ;;
    *) return 1 ;;
  esac
}
start=
if IFS= read -r stat 2>/dev/null < "/proc/$$/stat"; then
  set_start() { start=\${20}; }
  set_start \${stat##*) }
else
  start=$(ps -o lstart= -p $$)
fi
ours=
until [ -n "$ours" ]; do
  [ -e "$dir/stop.json" ] && exit 125
  once started.json "{\\"pid\\":$$,\\"start_time\\":\\"$start\\",$facts}"
  case $? in
    0) ours=1 ;;
    1) exit 125 ;;
    *) gone && exit 125; sleep 1 ;;
  esac
done
"$@" 9<&-
code=$?
if IFS=' ' read -r up rest 2>/dev/null < /proc/uptime; then up=",\\"uptime_s\\":$up"; else up=; fi
until once exit.json "{\\"exit_code\\":$code$up}"; do
  if [ $? -eq 1 ] || gone; then break; fi
  sleep 1
done
exit $code
`
