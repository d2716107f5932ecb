# Skycap's one image: the three components and BIRD. `docker build .` makes it anywhere; the lab builds the same file with buildah.
# What changes seldom stands first, so that an edit of the source makes only the last layer anew.

FROM node:24-trixie-slim AS build
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
# The pinned Node for machines without one is of no use in an image that is one.
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund && rm -rf node_modules/node-linux-*
# The rest of what .dockerignore lets through.
COPY . .
RUN node build.mjs

FROM debian:13-slim
# Less memory for each process (docs/performance.md): small semi-spaces, since most objects of a component live long; one thread for V8's helpers in place of four;
# two arenas of malloc, since few threads allocate outside of V8.
ENV NODE_ENV=production NODE_OPTIONS="--max-semi-space-size=1 --v8-pool-size=1" MALLOC_ARENA_MAX=2
WORKDIR /app
# BIRD 2.17; libstdc++ is what the Node binary needs beside libc.
RUN export DEBIAN_FRONTEND=noninteractive \
  && apt-get update \
  && apt-get install --yes --no-install-recommends bird2 libstdc++6 \
  && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
  && useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin skycap
COPY --from=build /usr/local/bin/node /usr/local/bin/node
COPY speaker/bird/start-bird.sh ./
COPY --from=build /src/dist ./
USER 10001
# Which component runs is the manifest's choice: `node /app/webhook.js`, `/app/allocator.js`, `/app/speaker.js` or `/app/start-bird.sh`.
CMD ["node", "--version"]
