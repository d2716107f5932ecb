#!/bin/bash
# First process of a node: private mounts, then containerd, kubelet and kube-proxy (test/lab/node.ts starts it).
# LAB_HOSTNAME, LAB_FOLDER (configuration, disk, logs), LAB_BIN (Kubernetes), LAB_PKI, LAB_PAUSE (image), LAB_NODE_IPS
set -eu
hostname "$LAB_HOSTNAME"
disk=$LAB_FOLDER/disk
# A boot starts with an empty /run.
rm -rf "$disk/run"
# The node must not keep other network namespaces by name.
awk '$5 ~ "^(/var)?/run/netns"{print $5}' /proc/self/mountinfo | tac | xargs -r umount -l
# The node's own copies of the paths that are hard-coded in containerd, kubelet and CNI.
for path in var/lib/kubelet var/lib/containerd var/lib/cni var/log run etc/cni opt; do
  mkdir -p "$disk/$path" "/$path"
  mount --bind "$disk/$path" "/$path"
done
# The sysfs of this network namespace, with the cgroup tree put back under it.
mkdir -p "$LAB_FOLDER/cgroup"
mount --rbind /sys/fs/cgroup "$LAB_FOLDER/cgroup"
mount -t sysfs sysfs /sys
mount --rbind "$LAB_FOLDER/cgroup" /sys/fs/cgroup
umount -l "$LAB_FOLDER/cgroup"
# kubelet writes these settings of the whole machine. Give it files that already have its values.
for setting in vm/overcommit_memory=1 vm/panic_on_oom=0 kernel/panic=10 kernel/panic_on_oops=1; do
  file=$LAB_FOLDER/sysctl/${setting%=*}
  mkdir -p "${file%/*}"
  echo "${setting#*=}" >"$file"
  mount --bind "$file" "/proc/sys/${setting%=*}"
done
# Pods with mountPropagation, and the sandboxes' namespaces, need shared mounts, as on a machine with systemd.
mount --make-rshared /

mkdir -p /etc/cni/net.d /run/containerd
cp "$LAB_FOLDER/cni.conflist" /etc/cni/net.d/10-lab.conflist
containerd --config "$LAB_FOLDER/containerd.toml" >>"$LAB_FOLDER/containerd.log" 2>&1 &
until [ -S /run/containerd/containerd.sock ] && ctr version >/dev/null 2>&1; do sleep 0.05; done
ctr --namespace k8s.io images import "$LAB_PAUSE" >/dev/null
# The lab makes the Node object first, because its pod subnet must be the one that this node's CNI has.
until [ -e "$LAB_FOLDER/go" ]; do sleep 0.05; done
"$LAB_BIN/kubelet" --config="$LAB_FOLDER/kubelet.json" --kubeconfig="$LAB_PKI/$LAB_HOSTNAME.kubeconfig" \
  --hostname-override="$LAB_HOSTNAME" --node-ip="$LAB_NODE_IPS" --v=2 >>"$LAB_FOLDER/kubelet.log" 2>&1 &
"$LAB_BIN/kube-proxy" --config="$LAB_FOLDER/proxy.json" --v=2 >>"$LAB_FOLDER/kube-proxy.log" 2>&1 &
set +e
# Waits for ever, and reaps the orphans of every container.
while :; do wait; sleep 1; done
