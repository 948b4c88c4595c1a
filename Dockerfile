# The engine. `docker build -t strowger .`; docker-compose.yml shows what it needs around it.

FROM node:20-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# No scripts of packages: tsc is plain JavaScript, and esbuild finds its binary by itself.
RUN ["npm", "ci", "--ignore-scripts"]
COPY tsconfig.json tsconfig.build.json ./
COPY src src
RUN ["npm", "run", "build"]

FROM node:20-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN ["npm", "ci", "--omit=dev", "--omit=optional", "--ignore-scripts"]

FROM node:20-slim
ENV NODE_ENV=production \
    STROWGER_DATA_DIR=/var/lib/strowger
# The folders of the volumes: Docker gives a new volume the owner of the folder that it covers. FreeSWITCH writes
# into all but the first, as root or as the same user.
RUN ["install", "-d", "-o", "node", "-g", "node", "-m", "0700", "/var/lib/strowger"]
RUN ["install", "-d", "-o", "node", "-g", "node", "-m", "0770", "/var/spool/strowger-cdr"]
RUN ["install", "-d", "-o", "node", "-g", "node", "-m", "0770", "/var/spool/strowger-recording"]
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENSE ./
COPY sql sql
COPY freeswitch-conf freeswitch-conf
COPY scripts scripts
USER node
VOLUME ["/var/lib/strowger", "/var/spool/strowger-cdr", "/var/spool/strowger-recording"]
# HTTP and the event socket's outbound side; both listen on 127.0.0.1 until STROWGER_HTTP_HOST and STROWGER_SOCKET_HOST
# say otherwise.
EXPOSE 8080 8040
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.STROWGER_HTTP_PORT || 8080}/health`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
CMD ["node", "dist/main.js"]
