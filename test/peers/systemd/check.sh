# Runs in the guest once acceptstream.service is ready. The first serial line is the console, the second one the report:
# a line for each thing found, "ok" or "not ok" first.
busybox=/bin/busybox
$busybox mkdir -p /tools
$busybox --install -s /tools
PATH=/bin:/usr/bin:/tools
# The guest begins to report: what was said before belongs to the boot.
echo "guest: start" >/dev/ttyS0
exec 2>/dev/ttyS0 >/dev/ttyS1

failures=0
say() {
  if [ "$1" = 0 ]; then echo "ok $2"; else echo "not ok $2"; failures=1; fi
}
get() { systemctl show --value -p "$1" acceptstream; }
lines() { journalctl --no-pager -o cat -u acceptstream; }
# Half a minute, counted in tries: the emulated clock runs slowly.
wait_for() {
  tries=0
  until eval "$1"; do
    tries=$((tries + 1))
    [ $tries -lt 120 ] || return 1
    sleep 0.25
  done
}
# Accepts until one is in the journal.
captures() {
  nc -l -p "$1" </dev/null >/dev/null &
  sleep 0.5
  nc 127.0.0.1 "$1" </dev/null
  wait_for "lines | grep -q '\"local_port\":$1,'"
}

[ "$(get ActiveState)/$(get SubState)" = active/running ]
say $? 'is active when systemd waited for READY=1'
get StatusText | grep -q '^live by .* to journal$'
say $? "tells its status: $(get StatusText)"
pid=$(get MainPID)
[ "$(awk '/^Uid:/ { print ($2 >= 61184 && $2 <= 65519) }' "/proc/$pid/status")" = 1 ]
say $? "runs as a dynamic user: $(awk '/^Uid:/ { print $2 }' "/proc/$pid/status")"
[ "$(cat /proc/$pid/task/*/status | grep -c '^Cap\(Eff\|Prm\|Amb\|Inh\):.*[1-9a-f]')" = 0 ]
say $? 'keeps no capability in any thread'
grep -q '^Seccomp:.2' "/proc/$pid/status"
say $? 'is behind the filter of system calls'
captures 8080
say $? 'captures an accept'

systemctl reload acceptstream
wait_for 'get StatusText | grep -q reloaded:'
say $? "reloads: $(get StatusText)"
captures 8081
say $? 'captures after a reload'

kill -KILL "$pid"
wait_for '[ "$(get NRestarts)/$(get ActiveState)" = 1/active ]'
say $? "is started again after kill -9: $(get NRestarts) restarts, $(get ActiveState)"
captures 8082
say $? 'captures after a restart'

systemctl stop acceptstream
[ "$(get ActiveState)/$(get Result)/$(get ExecMainStatus)" = inactive/success/0 ]
say $? "stops well: $(get ActiveState)/$(get Result)/$(get ExecMainStatus)"

echo 'sinks: {}' >/etc/acceptstream/acceptstream.yaml
systemctl start acceptstream
[ "$(get ActiveState)/$(get ExecMainStatus)/$(get NRestarts)" = failed/2/0 ]
say $? "is not started again with a wrong configuration: $(get ActiveState)/$(get ExecMainStatus)/$(get NRestarts)"
[ $failures = 0 ] || lines | tail -n 40 >&2

echo "guest: exit $failures" >/dev/ttyS0
sleep 1
poweroff -f
