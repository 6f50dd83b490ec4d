# Sluice without the embedded engine: it uses the ClickHouse server that CLICKHOUSE_URL names (see docker-compose.yml).
FROM node:24-trixie-slim AS build
WORKDIR /sluice
COPY package.json package-lock.json .npmrc ./
COPY client/package.json ./client/
RUN npm ci --omit=peer
COPY . .
# What is left is what Debian 13 with Node 24 runs: the older edge library, and the binaries for other systems, are not.
RUN npm run build && npm prune --omit=dev --omit=peer --no-save && rm -rf node_modules/uwebsockets
# Upstream's own release of uWebSockets.js instead of the republished one: --build-arg UWS=uNetworking/uWebSockets.js#v20.57.0
# Last, for npm would put back what the lock file names.
ARG UWS=""
RUN if [ -n "$UWS" ]; then apt-get update && apt-get install -y --no-install-recommends git ca-certificates && \
  npm install --no-save --omit=dev --omit=peer "uWebSockets.js@github:$UWS" && rm -rf node_modules/uwebsockets; fi
RUN find node_modules/uWebSockets.js -name 'uws_*.node' ! -name 'uws_linux_*_137.node' -delete

FROM node:24-trixie-slim
ENV NODE_ENV=production SLUICE_HOST=0.0.0.0 SLUICE_DATA_DIR=/var/lib/sluice
WORKDIR /sluice
COPY --from=build /sluice/node_modules ./node_modules
COPY --from=build /sluice/dist ./dist
COPY --from=build /sluice/bin ./bin
COPY --from=build /sluice/schemas ./schemas
COPY --from=build /sluice/package.json ./
RUN mkdir -p /var/lib/sluice && chown node:node /var/lib/sluice
USER node
VOLUME /var/lib/sluice
EXPOSE 4200
# By the settings of the container; a variable of a service (tcp://…) is no port. With TLS any certificate will do here.
HEALTHCHECK --interval=10s --timeout=3s CMD node -e "const { SLUICE_HOST: host, SLUICE_PORT: port, SLUICE_TLS_CERT: cert, SLUICE_TLS_SELF_SIGNED: own } = process.env; require(cert || own === 'on' ? 'https' : 'http').get({ host, port: Number(port) || 4200, path: '/api/ready', rejectUnauthorized: false }, (r) => process.exit(r.statusCode === 200 ? 0 : 1)).on('error', () => process.exit(1))"
CMD ["node", "dist/src/main.js"]
