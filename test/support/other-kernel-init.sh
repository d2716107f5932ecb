#!/bin/sh
# The first process of the kernel that test/support/other-kernel.ts starts: modules, a folder to write to, one test file, and off.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t tmpfs tmpfs /run
# The first process must not end before the kernel does.
trap 'echo o >/proc/sysrq-trigger; sleep 60' EXIT
mkdir -p /run/netns /run/tmp /run/modules/lib/modules
ln -s "/usr/lib/uml/modules/$(uname -r)" /run/modules/lib/modules/
for module in veth bridge 8021q macvlan bonding; do modprobe --dirname=/run/modules "$module"; done
ip link set lo up
cd "$TEST_ROOT" || exit
# The project may be anywhere, in /tmp as well, so nothing is mounted there.
export HOME=/run TMPDIR=/run/tmp PATH="$(dirname "$TEST_NODE"):$PATH"
export NODE_OPTIONS='--experimental-vm-modules --disable-warning=ExperimentalWarning'
node node_modules/jest/bin/jest.js --config=jest.real.config.js --runInBand --ci --color=false --cacheDirectory=/run/jest "$TEST_FILE" 2>&1 | cat
