#!/bin/bash
# First process of the router: FRR's zebra, bgpd and bfdd with folders of their own (test/lab/router.ts starts it).
# LAB_HOSTNAME, LAB_FOLDER (with zebra.conf, bgpd.conf and vtysh.conf)
set -eu
hostname "$LAB_HOSTNAME"
mkdir -p "$LAB_FOLDER/etc" "$LAB_FOLDER/run" /etc/frr /run/frr
cp "$LAB_FOLDER"/{zebra,bgpd,vtysh}.conf "$LAB_FOLDER/etc/"
chown -R frr:frr "$LAB_FOLDER/etc" "$LAB_FOLDER/run"
touch "$LAB_FOLDER"/{zebra,bgpd,bfdd}.log
chown frr:frr "$LAB_FOLDER"/{zebra,bgpd,bfdd}.log
mount --bind "$LAB_FOLDER/etc" /etc/frr
mount --bind "$LAB_FOLDER/run" /run/frr
/usr/lib/frr/zebra --log "file:$LAB_FOLDER/zebra.log" &
until [ -S /run/frr/zserv.api ]; do sleep 0.02; done
/usr/lib/frr/bfdd --log "file:$LAB_FOLDER/bfdd.log" &
set +e
# Debian's bgpd 8.4 may crash when a neighbour is removed during graceful restart. The loop starts bgpd again, as watchfrr does on a real router.
while :; do
  /usr/lib/frr/bgpd --log "file:$LAB_FOLDER/bgpd.log"
  sleep 1
done &
while :; do wait; sleep 1; done
