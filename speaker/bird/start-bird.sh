#!/bin/sh
# BIRD's container: waits for the first configuration, which the speaker writes once it has read the whole cluster state, then runs
# BIRD until told to stop.
#
# A stop of the container is planned (an upgrade, a rollout): BIRD is told to go by a graceful restart (RFC 4724), so that routers keep
# forwarding to this node until the next one is up. -R makes the next one say that it is that. A node that is to take no more traffic
# is another thing: there the speaker has withdrawn the routes before.
set -eu

run_dir=${SKYCAP_RUN_DIR:-/run/skycap}
bird=${SKYCAP_BIRD:-bird}
birdcl=${SKYCAP_BIRDCL:-birdcl}
bird_pid=
stopping=

stop() {
  stopping=yes
  [ -n "$bird_pid" ] || exit 0
  # A BIRD that does not listen is ended the hard way, which routers take for the same.
  "$birdcl" -s "$run_dir/bird.ctl" graceful restart >&2 || kill -KILL "$bird_pid"
}
trap stop TERM INT

while [ ! -e "$run_dir/bird.conf" ]; do
  sleep 0.1
done

"$bird" -f -R -c "$run_dir/bird.conf" -s "$run_dir/bird.ctl" &
bird_pid=$!
# `wait` returns early when a signal comes, so once more for BIRD's own end.
status=0
wait "$bird_pid" || status=$?
if [ -n "$stopping" ]; then
  wait "$bird_pid" 2>/dev/null || true
  exit 0
fi
exit "$status"
