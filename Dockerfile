# Skycap's one image: the three components and BIRD. `docker build .` makes it anywhere; the lab builds the same file with buildah.
# Stages that run programs run on the machine that builds, so that an image for another architecture needs no emulator.
# What changes seldom stands first, so that an edit of the source makes only the last layer anew.

FROM --platform=$BUILDPLATFORM node:24-trixie-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# The pinned Node for machines without one is of no use in an image that is one.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node-linux-*
ARG TARGETARCH
# koffi's binary for another architecture, in the version of the lock file.
RUN cpu=$(echo "$TARGETARCH" | sed s/amd64/x64/) \
  && if [ ! -d "node_modules/@koromix/koffi-linux-$cpu" ]; then \
    mkdir /target && cp package.json package-lock.json .npmrc /target \
    && npm ci --prefix=/target --omit=dev --ignore-scripts --no-audit --no-fund --os=linux --cpu="$cpu" \
    && mv "/target/node_modules/@koromix/koffi-linux-$cpu" node_modules/@koromix/ && rm -rf /target; \
  fi
# The rest of what .dockerignore lets through.
COPY . .
RUN node build.mjs "$TARGETARCH"

# The files of Debian's packages that Node and BIRD need, and few others: a shell for start-bird.sh, busybox for whoever looks inside. No package manager.
FROM --platform=$BUILDPLATFORM debian:13-slim AS system
ARG TARGETARCH
RUN dpkg --add-architecture "$TARGETARCH" \
  && apt-get update \
  && mkdir -p /debs /system/var/lib/dpkg/status.d \
  && chmod 777 /debs && cd /debs \
  # BIRD 2.17 and its libraries; libstdc++ is what Node needs beside libc.
  && apt-get download --quiet $(printf "%s:$TARGETARCH\n" base-files bird2 busybox dash gcc-14-base libc6 libcom-err2 libgcc-s1 libgssapi-krb5-2 libk5crypto3 \
    libkeyutils1 libkrb5-3 libkrb5support0 libreadline8t64 libssh-4 libssl3t64 libstdc++6 libtinfo6 libzstd1 zlib1g) \
  && for deb in *.deb; do \
    dpkg-deb --extract "$deb" /system && dpkg-deb --field "$deb" > "/system/var/lib/dpkg/status.d/$(dpkg-deb --field "$deb" Package)" || exit 1; \
  done \
  && for name in cat date env grep head id less ls mkdir ps rm sleep stat tail tar touch wc; do ln -s busybox "/system/usr/bin/$name"; done \
  && printf '%s\n' root:x:0:0:root:/root:/bin/sh skycap:x:10001:10001::/app:/usr/sbin/nologin > /system/etc/passwd \
  && printf '%s\n' root:x:0: skycap:x:10001: > /system/etc/group \
  && find /system/usr/share/doc -type f ! -name copyright -delete \
  && rm -rf /system/usr/share/man /system/usr/share/locale /system/usr/share/info /system/usr/share/lintian \
    /system/usr/lib/*/gconv /system/usr/lib/systemd /system/etc/init.d /debs

FROM node:24-trixie-slim AS node

FROM scratch
ARG TARGETARCH
# Since buildah knows cached layers by the text of their steps, and would take those of another architecture.
LABEL architecture=$TARGETARCH
# Less memory for each process (docs/performance.md): small semi-spaces, since most objects of a component live long; one thread for V8's helpers in place of four;
# two arenas of malloc, since few threads allocate outside of V8.
ENV NODE_ENV=production NODE_OPTIONS="--max-semi-space-size=1 --v8-pool-size=1" MALLOC_ARENA_MAX=2 \
  PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /app
COPY --from=system /system/ /
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY speaker/bird/start-bird.sh ./
COPY --from=build /src/dist ./
USER 10001
# Which component runs is the manifest's choice: `node /app/webhook.js`, `/app/allocator.js`, `/app/speaker.js` or `/app/start-bird.sh`.
CMD ["node", "--version"]
